"""Trace: put what a run was made of into the format of provenance.json."""

from smearflow.configuration import with_absolute_paths
from smearflow.origins import MadeModel, Origins, machine
from tasks.made_of import digests_of
from tasks.stage import Run


def traced(run: Run) -> Origins | None:
    """What ``run`` was made of; None where it didn't come to train."""
    reached = run.reached
    models = {attempt.plan.label: attempt.trained for attempt in reached.get("train", ()) if attempt.trained}
    if not models:
        return None
    manifest, parts = reached["validate"].manifest, reached["split"]
    return Origins(
        run_id=run.run_id,
        settings=with_absolute_paths(run.settings),
        root=parts.root,
        split=parts.path,
        digests=digests_of(manifest, parts, reached.get("settle"), reached.get("read_labels")),
        models={
            label: MadeModel(weights_digest=made.weights_digest, engine=made.engine, folder=made.folder)
            for label, made in models.items()
        },
        machine=machine(),
    )
