"""The continuous check: do the cells that come in still look like those that the champion was measured on?"""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from expectations.extensions import Extension, find_extensions
from flows.announcing import announce_check, failure_told
from flows.recording import new_id, note_process
from smearflow.data.manifest import Manifest
from smearflow.data.scan_memory import Memory
from smearflow.data.scanning import HERE
from smearflow.errors import SourceError
from smearflow.models.training import end_all
from smearflow.monitoring.batches import Batch, alone, take, unfinished, unlabelled_at
from smearflow.monitoring.history import history_of, is_judged
from smearflow.monitoring.judging import Judgement
from smearflow.monitoring.measures import BY_NAME
from smearflow.monitoring.reference import read_reference
from smearflow.monitoring.result import RANK, ChampionLine, CheckResult
from smearflow.registry.champion import Champion
from smearflow.registry.succession import seat_of, serving_champion
from smearflow.service.events import tell_again, tell_of_labels
from smearflow.settings import QualityCheck, Settings
from smearflow.workspace import Workspace
from tasks.gather import gather
from tasks.judge import judge
from tasks.put_away import put_away
from tasks.record import record
from tasks.scan import scan
from tasks.score import score
from tasks.stage import Run
from tasks.validate import Checked, ContractBroken, validate

Serving = tuple[Champion, Path]  # and its bundle
Suites = tuple[Extension, ...]  # of a team's own


def run_name() -> str:
    path = flow_run.parameters.get("path")
    return f"check {Path(path).name}" if path else "check the drop folder"


@flow(name="quality-check", flow_run_name=run_name, log_prints=True)
def quality_check(
    settings: Settings = Settings(),  # noqa: B008
    workspace: Path = Path("workspace"),
    path: Path | None = None,
) -> State[tuple[CheckResult, ...]]:
    """Hold new cells against what the champion was measured on: one result a batch, none where nothing is new.

    It ends in a completed state that is called by the verdict: an alarm is no failure of the check.

    Args:
        settings: Everything that the run can be told.
        workspace: Folder that everything is kept in.
        path: Folder to check once, moving nothing; default: the drop folder, each batch then goes to the archive.
    """
    place = Workspace.at(workspace)
    note_process(place)
    with failure_told("check", settings.notify):
        if path is None and (told := tell_again(place, settings.registry.name)):
            print(f"labels: {told}")
        # A wrong name ends the check before a batch is touched.
        suites = find_extensions(settings.data, settings.quality)
        serving = comparable_champion(settings, place)
        try:
            if path:
                batch = Batch(new_id(), Path(path).expanduser().absolute(), dropped=False)
                return ended((checked(batch, serving, suites, settings, place),))
            return ended(tuple(dropped(serving, suites, settings, place)))
        finally:
            end_all()


def ended(results: tuple[CheckResult, ...]) -> State[tuple[CheckResult, ...]]:
    """The flow's last state, from which a list of runs can be read."""
    if not results:
        return Completed(message="Nothing new.", data=results)
    last = max(results, key=lambda result: RANK.index(result.verdict))
    name = "Completed" if last.verdict == "ok" else last.verdict.capitalize()
    return Completed(name=name, message=last.why, data=results)


def dropped(serving: Serving, suites: Suites, settings: Settings, workspace: Workspace) -> Iterator[CheckResult]:
    """Check and archive what lies in the drop folder; before it, what an earlier check left halfway."""
    how = settings.quality_check
    drop = drop_folder(how, workspace)
    archive = archive_folder(how, workspace)
    with alone(drop):
        batches = unfinished(drop)
        fresh = take(drop, how.settle, new_id())
        for batch in [*batches, *([fresh] if fresh else [])]:
            run = Run("check", settings, workspace, batch.name)
            if not is_judged(history_of(workspace), batch.name):
                yield checked(batch, serving, suites, settings, workspace)
            archived = put_away(run, batch, archive)
            if archived.labelled:
                why = f"{archived.labelled:,} labelled cells came with batch {batch.name}"
                print(f"labels: {why}. {tell_of_labels(workspace, settings.registry.name, why)}")
        if not batches and not fresh:
            create_markdown_artifact(key="judge", markdown=f"# Nothing new\n\nNo new image in `{drop}`.")


def checked(batch: Batch, serving: Serving, suites: Suites, settings: Settings, workspace: Workspace) -> CheckResult:
    """Judge one batch, and write the verdict down."""
    champion, bundle = serving
    run = Run("check", settings, workspace, batch.name)
    source = gather(run, batch, settings.data)
    # Every image for itself: a name that tells no patient mustn't stop the check. Judging looks for patients.
    each = settings.data.model_copy(update={"group": "image"})
    found = scan(run, source, each, settings.quality, Memory(run.folder / "measured"), HERE)
    judged = held(run, found, suites, settings)
    contract, manifest = judged.contract, judged.manifest
    scored = score(run, manifest, source.root, champion, bundle, settings.train.time_limit)
    broken = [f"{c.expectation} ({c.bound}), found {c.observed}" for c in contract.critical]
    judgement = judge(run, scored, champion, bundle, broken, settings)
    minor = [f"{c.expectation} ({c.bound}), found {c.observed}" for c in contract.warnings]
    result = CheckResult(
        verdict=judgement.verdict,
        why=judgement.why,
        next=next_step(judgement, batch, manifest, settings, workspace),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        batch=batch.name,
        scheduled=batch.dropped,
        champion=ChampionLine(registry_name=champion.registry_name, version=champion.version, model=champion.model),
        cells=scored.cells,
        patients=judgement.patients,
        strangers=judgement.strangers,
        labelled=sum(manifest.classes.values()),
        left_out=manifest.quarantined + manifest.review,
        reference_patients=judgement.reference_patients,
        checks=judgement.checks,
        figures=judgement.figures,
        contract=(*broken, *minor),
    )
    recorded = record(run, result, scored, workspace)
    announce_check(recorded.result, settings.notify)
    return recorded.result


def next_step(judgement: Judgement, batch: Batch, manifest: Manifest, settings: Settings, workspace: Workspace) -> str:
    """What to do; of a batch that was flagged, also how its cells without labels get some."""
    if judgement.verdict == "ok" or sum(manifest.classes.values()) == manifest.images:
        return judgement.next
    cells = unlabelled_at(batch, archive_folder(settings.quality_check, workspace))
    command = f"smearflow review --cells {shlex.quote(str(cells))} --workspace {shlex.quote(str(workspace.root))}"
    return f"{judgement.next} To label the cells that help most: {command}"


def held(run: Run, manifest: Manifest, suites: Suites, settings: Settings) -> Checked:
    """What the contract's suites of files and images say. A broken one is a finding here: the verdict is an alarm."""
    try:
        how = (settings.data, settings.quality, suites)
        return validate(run, manifest.path, manifest.root, *how, labels_required=False)
    except ContractBroken as error:
        return error.checked


def comparable_champion(settings: Settings, workspace: Workspace) -> Serving:
    """The champion and its bundle. Raises MissingPart where there is none, or where it has no reference."""
    champion, bundle = serving_champion(seat_of(settings.registry, workspace))
    read_reference(bundle, champion.uri)
    return champion, bundle


def drop_folder(how: QualityCheck, workspace: Workspace) -> Path:
    """Where new batches are put. The workspace's own is made; a folder that was named must be there."""
    if how.drop is None:
        workspace.drop.mkdir(exist_ok=True)
        return workspace.drop
    drop = Path(how.drop).expanduser().absolute()
    if not drop.is_dir():
        raise SourceError(f"There is no drop folder {drop}.", "Make it, mount it, or set quality_check.drop.")
    return drop


def archive_folder(how: QualityCheck, workspace: Workspace) -> Path:
    """Where handled batches go."""
    return Path(how.archive).expanduser().absolute() if how.archive else workspace.archive


def check_lines(result: CheckResult, workspace: Workspace) -> list[str]:
    """What `smearflow check` prints: the verdict first, then what was off, and where all of it is."""
    lines = [f"verdict   {result.verdict}: {result.why}", f"next      {result.next}"]
    lines.append(f"cells     {result.cells:,} of {result.patients:,} patients; {result.left_out:,} left out")
    for name, figure in result.figures.items():
        if figure.value is not None:
            lines.append(f"{name:<12}{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})")
    for check in result.checks:
        if check.verdict != "ok":
            words = BY_NAME[check.name].words
            lines.append(f"{check.verdict:<10}{check.name} {words(check.value)}, bound {words(check.threshold)}")
    lines.append(f"history   {workspace.checks / 'index.html'}")
    return lines
