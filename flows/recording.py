"""What a run leaves, however it ends: its settings, summary.json, a report as far as it came, no process of its own."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.settings import get_current_settings
from prefect.states import Completed

from flows.announcing import announce
from flows.pruning import pruned
from smearflow.configuration import as_yaml
from smearflow.errors import SmearflowError
from smearflow.models.training import end_all
from smearflow.origins import write_origins
from smearflow.retention import note_named
from smearflow.room import refusal
from smearflow.service.running import mark_gone, note_running
from smearflow.service.worker import end_with_worker
from smearflow.settings import Settings
from smearflow.summary import Outcome, Summary, write_summary
from smearflow.workspace import Workspace, point, write_text
from tasks.report import write_report
from tasks.stage import Run
from tasks.summarise import summarise
from tasks.trace import traced
from tasks.validate import ContractBroken

ENDED: Mapping[Outcome, str] = {"promoted": "Promoted", "kept": "Kept", "none": "NoCandidate"}


@contextlib.contextmanager
def recorded(command: Literal["run", "validate"], settings: Settings, workspace: Path, fresh: bool) -> Iterator[Run]:
    """A run to pass to the stages. At its end, good or bad, summary.json is written and every trainer is gone."""
    note_process(Workspace.at(workspace))
    run = Run(command, settings, Workspace.at(workspace), new_id(), fresh)
    write_text(run.folder / "settings.yaml", as_yaml(settings))
    error: BaseException | None = None
    try:
        yield run
    except BaseException as raised:
        refused = refusal(raised, run.workspace.root)
        error = refused or raised
        _report_failure(run, error)
        if refused:
            raise refused from raised
        raise
    finally:
        end_all()
        summary = summarise(run, error)
        write_summary(summary, run.folder)
        point(run.workspace.latest, run.folder)
        note_named(run.folder, run.reached, run.workspace)
        if origins := traced(run):
            write_origins(origins, run.folder)
        _prune(run)
        announce(summary, settings.notify)


def note_process(workspace: Workspace) -> None:
    """Put this process on record, mark earlier runs whose process is gone, and end with the worker that started us."""
    end_with_worker()
    context = FlowRunContext.get()
    if context and context.flow_run:
        api_url = str(get_current_settings().api.url)
        mark_gone(workspace, api_url)
        note_running(workspace, str(context.flow_run.id), api_url)


def _prune(run: Run) -> None:
    """Keep what keep.runs says. What stands in the way of it, as another run under way, is no reason to fail."""
    if run.settings.keep.runs is None:
        return
    try:
        print(pruned(run.workspace, run.settings)[-1])
    except (SmearflowError, OSError) as error:
        print(f"not pruned: {error}")


def _report_failure(run: Run, error: BaseException) -> None:
    """Write down what was reached, the broken contract too. A report that can't be made mustn't hide the failure."""
    if isinstance(error, ContractBroken):
        run.reached["validate"] = error.checked
    if isinstance(error, Exception):
        with contextlib.suppress(Exception):
            run.reached["report"] = write_report(run.folder, run, error)


def ended(summary: Summary) -> State[Summary]:
    """A flow's last state, so that a list of runs can be read: a kept champion isn't shown as a new one is."""
    return Completed(name=ENDED.get(summary.verdict.outcome), message=summary.verdict.why, data=summary)


def new_id() -> str:
    """A name that sorts by time: 20261124-081500-3f9a."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
