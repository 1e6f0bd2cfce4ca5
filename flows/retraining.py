"""The main job: from labelled images to a registered, explained model."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from expectations.extensions import find_extensions
from flows.recording import ended, recorded
from smearflow.models.plans import plan_models
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from tasks.augment import augment
from tasks.combine import check_ensembles, with_ensembles
from tasks.deduplicate import deduplicate, thumbnails_of
from tasks.evaluate import evaluate
from tasks.examine import examine
from tasks.gate import gate
from tasks.ingest import ingest
from tasks.lay_out import lay_out_if_asked
from tasks.leakage import leakage_if_asked
from tasks.made_of import MadeOf
from tasks.read_labels import read_labels
from tasks.register import register
from tasks.report import report
from tasks.robust import left_out_of, lessons
from tasks.rounds import back_to_training
from tasks.scan import memory_of, scan
from tasks.score_labels import score_labels_if_possible
from tasks.settle import settle_if_grouped
from tasks.split import split
from tasks.train import train_all
from tasks.validate import validate
from tasks.workers import hired


@flow(
    name="retraining",
    flow_run_name="retrain on {settings.data.title}",
    log_prints=True,
    # Threads only wait: leases decide how many trainers work.
    task_runner=ThreadPoolTaskRunner(max_workers=32),  # type: ignore[arg-type]  # its own type argument is off
)
def retraining(
    settings: Settings = Settings(),  # noqa: B008
    workspace: Path = Path("workspace"),
    fresh: bool = False,
) -> State[Summary]:
    """From labelled images to a registered model and a report. It ends in a state that is called by the verdict.

    Args:
        settings: Everything that the run can be told.
        workspace: Folder that everything is kept in.
        fresh: Compute all anew, whatever earlier runs left.
    """
    with recorded("run", settings, workspace, fresh) as run, hired(run, settings) as crew:
        plans = plan_models(settings)  # weights are looked for before any work starts
        check_ensembles(plans, settings)
        suites = find_extensions(settings.data, settings.quality)  # and so are suites of one's own
        # Data
        source = ingest(run, run.workspace, settings.data)
        reviewed = read_labels(run, run.workspace)  # what people decided about labels counts
        scanned = scan(run, source, settings.data, settings.quality, memory_of(run), crew.measurers, reviewed)
        found = deduplicate(run, scanned, scanned.root, settings.duplicates, thumbnails_of(run)).manifest
        manifest = validate(run, found.path, found.root, settings.data, settings.quality, suites).manifest
        settled = settle_if_grouped(run, manifest, settings)
        parts = split(run, manifest.path, manifest.root, settings.split, settled)
        lay_out_if_asked(run, parts, settings.split)
        # Models
        augment(run, parts, settings.augment, settings.train.seed)
        plans, splits = lessons(run, plans, parts, settings, reviewed)
        trained = train_all(run, plans, splits, settings, crew.trainers)
        combined = with_ensembles(run, trained, parts, settings)
        models = back_to_training(run, plans, combined, splits, settings, crew.trainers)  # where none is good enough
        # Verdict
        scores = evaluate(run, models, manifest.path, parts, settings.data.positive, settings.evaluation)
        score_labels_if_possible(run, manifest.path, manifest.root, plans, settings)
        leakage_if_asked(run, plans, models, parts, scores, settings)
        serving = examine(run, scores, models[scores.candidate], parts, settings.evaluation, settings.train.time_limit)
        verdict = gate(run, scores, serving, parts, settings, run.workspace)
        made_of = MadeOf(manifest, parts, settled, left_out_of(run), reviewed)
        register(run, verdict, scores, serving, models[scores.candidate], made_of, settings, run.workspace)
        report(run, run)
    return ended(read_summary(run.folder / "summary.json"))
