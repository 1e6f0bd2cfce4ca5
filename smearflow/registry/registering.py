"""Registering: one MLflow run with all that led to a model, and one version that serves alone.

It serves nobody yet: who holds the alias is decided afterwards (smearflow/registry/promoting.py).
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from smearflow.evaluation.intervals import Interval
from smearflow.provenance import processor_name
from smearflow.registry.champion import Champion, champion_of
from smearflow.registry.mlflow_store import mlflow_client

ENTRY = Path(__file__).with_name("pyfunc_entry.py")
NEEDED = ("mlflow", "tensorflow", "keras", "numpy", "pandas", "pillow")  # to serve a version, and no more
BATCH = 100  # parameters or metrics a call; MLflow takes 100 and 1,000
LONGEST = 6000  # characters of a parameter that MLflow takes


@dataclass(frozen=True)
class Facts:
    """What is known of a model beside its bundle, which says its name, classes and threshold itself.

    ``settings``: nested, as the run had them. ``test``: figures of the test set, 0-1. ``curves``: one entry an epoch,
    with ``epoch`` and the values by name. ``digests``: of data, labels, split, code and lock, by those names.
    """

    run_id: str
    weights_digest: str
    provisional: bool
    settings: Mapping[str, Any]
    test: Mapping[str, Interval]
    curves: Sequence[Mapping[str, float]]
    digests: Mapping[str, str]
    description: str | None = None  # Markdown that MLflow's page shows with the version


def register(bundle: Path, facts: Facts, uri: str, artifacts_root: Path | None, name: str) -> Champion:
    """Make the model in ``bundle`` a version of ``name``; returns it as it would be champion.

    ``artifacts_root``: where the files go; None leaves that to a registry elsewhere. The version is there once all its
    files are, 1 s after MLflow's import. Raises MissingPart where the registry can't be used.
    """
    tags = _tags(bundle, facts)
    with mlflow_client(uri) as client:
        run = client.create_run(_experiment(client, name, artifacts_root), tags=tags, run_name=facts.run_id)
        try:
            _log_figures(client, run.info.run_id, facts)
            model = _log_model(client, run, bundle)
            version = _new_version(client, name, model, tags, facts.description)
        except BaseException:
            client.set_terminated(run.info.run_id, "FAILED")
            raise
        client.set_terminated(run.info.run_id)
        location = client.get_model_version_download_uri(name, version)
    return champion_of(name, int(version), location, tags)


def flattened(values: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and plain values of nested settings: {"a": {"b": [1]}} gives a.b.0 = 1."""
    if isinstance(values, Mapping):
        entries = [(str(key), value) for key, value in values.items()]
    elif isinstance(values, list | tuple):
        entries = [(str(index), value) for index, value in enumerate(values)]
    else:
        yield name, values
        return
    for key, value in entries:
        yield from flattened(value, f"{name}.{key}" if name else key)


def _tags(bundle: Path, facts: Facts) -> dict[str, str]:
    """What both the run and the version say of themselves."""
    model: dict[str, Any] = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    return {
        "model": model["name"],
        "weights_digest": facts.weights_digest,
        "threshold": repr(float(model["threshold"])),
        "provisional": str(facts.provisional).lower(),
        "run": facts.run_id,
        "cpu": processor_name(),
        **{f"{what}_digest": digest for what, digest in facts.digests.items()},
    }


def _experiment(client: Any, name: str, artifacts_root: Path | None) -> str:
    """The experiment whose files go to ``artifacts_root``.

    MLflow keeps that path for ever: where the workspace was moved, the old experiment is renamed, and a new one made.
    """
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(name)
    location = str(artifacts_root) if artifacts_root else None
    if known and location in (None, known.artifact_location):
        return str(known.experiment_id)
    if known:
        client.rename_experiment(known.experiment_id, f"{name} (at {known.artifact_location})")
    try:
        return str(client.create_experiment(name, artifact_location=location))
    except MlflowException:
        made = client.get_experiment_by_name(name)  # by another run, at this moment
        if made is None or location not in (None, made.artifact_location):
            raise
        return str(made.experiment_id)


def _log_figures(client: Any, run_id: str, facts: Facts) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    params = [Param(key, str(value)[:LONGEST]) for key, value in flattened(facts.settings)]
    metrics = [Metric(key, value, now, step) for key, value, step in _figures(facts)]
    for entries, kind in ((params, "params"), (metrics, "metrics")):
        for at in range(0, len(entries), BATCH):
            client.log_batch(run_id, **{kind: entries[at : at + BATCH]})


def _figures(facts: Facts) -> Iterator[tuple[str, float, int]]:
    """Name, value and step of every metric: test figures at step 0, curves at their epoch."""
    for name, figure in facts.test.items():
        yield f"test_{name}", figure.value, 0
        yield f"test_{name}_low", figure.low, 0
        yield f"test_{name}_high", figure.high, 0
    for point in facts.curves:
        step = int(point["epoch"])
        yield from ((name, float(value), step) for name, value in point.items() if name != "epoch")


def _log_model(client: Any, run: Any, bundle: Path) -> Any:
    """MLflow's record of the bundle, stored as a model from code: nothing in it is pickled.

    By the client: `mlflow.pyfunc.log_model` needs the tracking address in a global of the process.
    """
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    run_id = run.info.run_id
    made = client.create_logged_model(run.info.experiment_id, name=run.data.tags["model"], source_run_id=run_id)
    facts = Model(artifact_path=made.artifact_location, run_id=run_id, model_uuid=made.model_id, model_id=made.model_id)
    with tempfile.TemporaryDirectory() as aside:
        _save_model(Path(aside) / "model", bundle, facts)
        client.log_model_artifacts(made.model_id, str(Path(aside) / "model"))
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(made.model_id, step=0)])
    return made


def _save_model(folder: Path, bundle: Path, facts: Any) -> None:
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    answers = [("string", "label"), ("double", "probability"), ("string", "decision")]
    signature = ModelSignature(
        inputs=Schema([ColSpec("binary", "image")]),
        outputs=Schema([ColSpec(kind, name, required=False) for kind, name in answers]),  # null: unreadable
    )
    mlflow.pyfunc.save_model(
        folder,
        python_model=str(ENTRY),
        artifacts={"bundle": str(bundle)},
        pip_requirements=[f"{package}=={installed(package)}" for package in NEEDED],  # else it runs the model to see
        signature=signature,
        mlflow_model=facts,
    )


def _new_version(client: Any, name: str, model: Any, tags: Mapping[str, str], description: str | None) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    # A server insists on the model's own address; a database would look that up in the process's default registry.
    served = model.artifact_location.startswith("mlflow-artifacts:")
    source = f"models:/{model.model_id}" if served else model.artifact_location
    told = {"description": description, "model_id": model.model_id}
    made = client.create_model_version(name, source, model.source_run_id, dict(tags), **told)
    return str(made.version)
