"""What each verb of the command line does. Each takes the parsed arguments and returns the exit status."""

import argparse
import json
import os
import shlex
import signal
from typing import TYPE_CHECKING, Any

from smearflow.configuration import annotated_yaml, load_settings
from smearflow.errors import UsageError
from smearflow.room import require
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from smearflow.workspace import Workspace

LEAST_ROOM = 100 * 2**20  # bytes: the server's database, and what a run of a few hundred cells leaves

if TYPE_CHECKING:
    from smearflow.service.live import Live


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate, register and report, as a Prefect flow in this process."""
    settings, workspace = _settings(arguments, arguments.data), Workspace.at(arguments.workspace)
    connect(workspace)
    from flows.closing import closing_lines
    from flows.retraining import retraining

    summary = _ended(retraining(settings, workspace.root, arguments.fresh, return_state=True))
    print("\n".join(closing_lines(summary, workspace)))
    return 1 if summary.verdict.outcome == "none" else 0


def validate(arguments: argparse.Namespace) -> int:
    """Ingest, scan and validate alone. The table is printed also where the data break the contract."""
    settings = _settings(arguments, arguments.path or arguments.data)
    workspace = Workspace.at(arguments.workspace)
    connect(workspace)
    from flows.closing import contract_lines, validation_lines
    from flows.faults import fault_lines
    from flows.validation import validation

    state = validation(settings, workspace.root, arguments.fresh, return_state=True)
    told = workspace.latest / "summary.json"
    if arguments.json and told.exists():
        print(told.read_text(), end="")
    elif told.exists() and (found := read_summary(told)).validation:
        lines = [*fault_lines(found.paths), *contract_lines(found.validation), *validation_lines(found)]
        print("\n".join(lines), flush=True)
    _ended(state)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Check new cells once, by hand: nothing is moved. 1 for an alarm."""
    settings, workspace = _settings(arguments), Workspace.at(arguments.workspace)
    if not arguments.path.exists():
        raise UsageError(f"There is no {arguments.path}.", "Name a folder of new cells.")
    if not arguments.path.is_dir():
        raise UsageError(f"{arguments.path} is a file.", "Name a folder of new cells; a zip must be unpacked first.")
    connect(workspace)
    from flows.quality_check import check_lines, quality_check

    state: Any = quality_check(settings, workspace.root, arguments.path, return_state=True)
    (result,) = state.result()
    print(result.model_dump_json(indent=2) if arguments.json else "\n".join(check_lines(result, workspace)))
    return 1 if result.verdict == "alarm" else 0


def predict(arguments: argparse.Namespace) -> int:
    """Score images with the champion. A file that can't be read is a line with its reason."""
    from flows.scoring import score_lines

    settings, workspace = _settings(arguments), Workspace.at(arguments.workspace)
    for line in score_lines(arguments.paths, settings, workspace, as_json=arguments.json):
        print(line)
    return 0


def demo(arguments: argparse.Namespace) -> int:
    """Draw synthetic cells into a new folder."""
    from smearflow.data.synthetic import draw_cells
    from smearflow.progress import progress

    asked = {"images": arguments.images, "faults": arguments.faults or None}
    chosen = [f"data.demo.{key}={json.dumps(value)}" for key, value in asked.items() if value is not None]
    arguments.set = arguments.set + chosen
    data = _settings(arguments).data
    with progress("drawing", data.demo.images) as advance:
        draw_cells(arguments.dir, data.demo, data.classes, data.positive, advance)
    print(f"{data.demo.images:,} cells of {data.demo.patients} patients in {arguments.dir}; what is on them: truth.csv")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """The champion, a version, or a model of the last run, as files for other machines."""
    from flows.exporting import export_lines

    settings, workspace = _settings(arguments), _workspace(arguments)
    named = {"version": arguments.version, "model": arguments.model, "out": arguments.out}
    for line in export_lines(settings, workspace, asked=arguments.format, **named):
        print(line)
    return 0


def reproduce(arguments: argparse.Namespace) -> int:
    """Run an earlier run again, beside everything. 1 where other weights or figures come out."""
    from flows.reproducing import at_hand_lines, outcome_lines, prepared, read, settings_of

    workspace = _workspace(arguments)
    then = read(workspace, arguments.run_id)
    print("\n".join(at_hand_lines(then[0])), flush=True)
    again = prepared(then[0], workspace)
    print(f"\nrunning again in {again.root}", flush=True)
    connect(workspace)
    from flows.retraining import retraining

    summary = _ended(retraining(settings_of(then[0]), again.root, return_state=True))
    lines, same = outcome_lines(then, read(again, summary.run_id))
    print("\n".join(["", *lines]))
    return 0 if same else 1


def prune(arguments: argparse.Namespace) -> int:
    """Remove what keep.runs doesn't keep, or say what would go."""
    from flows.pruning import pruned

    print("\n".join(pruned(_workspace(arguments), _settings(arguments), arguments.dry_run)))
    return 0


def config(arguments: argparse.Namespace) -> int:
    """Print every setting with its value, meaning and bounds."""
    print(annotated_yaml(_settings(arguments)), end="")
    return 0


def up(arguments: argparse.Namespace) -> int:
    """Start what the schedule needs, or find and mend it: server, page of reports, worker, deployments."""
    from smearflow.service.live import bring_up

    if arguments.stay:
        return _stay(arguments)
    _tell(bring_up(Workspace.at(arguments.workspace), _settings(arguments)))
    print(f"stop      smearflow down --workspace {shlex.quote(str(arguments.workspace))}")
    return 0


def _stay(arguments: argparse.Namespace) -> int:
    """The same, then go on mending until Ctrl-C or SIGTERM, and take everything down again."""
    from smearflow.service.live import stay

    workspace, settings = Workspace.at(arguments.workspace), _settings(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        stay(workspace, settings, _tell)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    finally:
        down(arguments)
    return 0


def _tell(live: "Live") -> None:
    print(f"Prefect   {live.server.ui_url}")
    print(f"reports   {live.page.url}")
    print(f"worker    {live.worker.url}")
    print(f"deployed  {', '.join(live.deployments)}", flush=True)
    for path in live.missing:
        print(f"missing   {path}: runs that read it fail until it is there", flush=True)
    if live.marked:
        print(f"mended    {live.marked} run{'s' * (live.marked > 1)} whose process was gone, now marked as crashed")


def down(arguments: argparse.Namespace) -> int:
    """End what was started for the workspace."""
    from smearflow.service.live import take_down

    if not arguments.workspace.exists():
        print(f"nothing to end: there is no workspace {arguments.workspace}")
        return 0
    ended = take_down(Workspace.at(arguments.workspace))
    print(f"ended: {', '.join(ended)}" if ended else "nothing was running")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say what runs where, with the settings of the last `up` unless others are given."""
    from flows.standing import standing, standing_lines
    from smearflow.service.live import settings_of

    workspace, given = Workspace.at(arguments.workspace), arguments.config or arguments.set
    settings = None if given else settings_of(workspace)
    found = standing(workspace, settings or _settings(arguments))
    print(json.dumps(found, indent=2) if arguments.json else "\n".join(standing_lines(found)))
    return 0


def _settings(arguments: argparse.Namespace, source: str | None = None) -> Settings:
    chosen = [*arguments.set, *([f"data.source={json.dumps(source)}"] if source else [])]
    return load_settings(arguments.config, chosen)


def _workspace(arguments: argparse.Namespace) -> Workspace:
    """The workspace, which must be there. Raises UsageError where it isn't."""
    if not arguments.workspace.exists():
        raise UsageError(f"There is no workspace {arguments.workspace}.", "Name one: --workspace DIR.")
    return Workspace.at(arguments.workspace)


def connect(workspace: Workspace) -> None:
    """Find or start the workspace's server, and tell Prefect of it before it is imported."""
    require(workspace.root, LEAST_ROOM)
    from flows.console import ENVIRONMENT
    from smearflow.service.prefect_server import client_environment, ensure_server

    os.environ.update(client_environment(workspace, ensure_server(workspace)), **ENVIRONMENT)


def _ended(state: Any) -> Summary:
    """What the flow returned. Raises what it ended with."""
    result = state.result()
    assert isinstance(result, Summary)
    return result
