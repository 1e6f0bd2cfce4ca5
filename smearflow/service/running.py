"""Flow runs under way on this machine: a record each, so that one whose process was killed isn't Running for ever.

A process that gets SIGKILL can't say so, and nor can a machine that loses power. Who comes next says it for them.
"""

import contextlib
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from smearflow.service.daemon import Daemon, start_of
from smearflow.service.prefect_api import NO_ANSWER
from smearflow.service.prefect_runs import mark_over
from smearflow.workspace import Workspace, write_text

WORKER = "SMEARFLOW_WORKER"  # environment: number of the worker that started this process
GONE = "Its process is gone: killed, or the machine went down. The next run takes up what was finished."


@dataclass(frozen=True)
class Running:
    """A flow run of the server at ``api_url``, and its process; ``by_worker``: one that our worker started."""

    flow_run_id: str
    api_url: str
    pid: int
    started: str
    by_worker: bool
    host: str = platform.node()  # machines that share the workspace look after their own runs

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.pid, self.started)


def note_running(workspace: Workspace, flow_run_id: str, api_url: str) -> None:
    """Put this process on record as that of a flow run. The record stays until somebody finds the process gone:

    a run that ends while its server is away can't say so either, and is told apart by what the server knows.
    """
    run = Running(flow_run_id, api_url, os.getpid(), start_of(os.getpid()) or "", WORKER in os.environ)
    write_text(workspace.running / f"{flow_run_id}.json", json.dumps(asdict(run), indent=1) + "\n")


def running(workspace: Workspace) -> list[Running]:
    """The runs on record whose process lives: those under way, for each has a process of its own."""
    return [run for _, run in _records(workspace) if run.daemon.lives]


def mark_gone(workspace: Workspace, api_url: str) -> list[str]:
    """Tell the server at ``api_url`` of runs whose process is gone. Returns their ids; those it didn't know as over.

    Costs a look into an empty folder where there is none. A server that doesn't answer is told the next time.
    """
    marked = []
    for path, run in _records(workspace):
        if run.daemon.lives or run.api_url != api_url:
            continue
        with contextlib.suppress(*NO_ANSWER):
            if mark_over(api_url, run.flow_run_id, GONE):
                marked.append(run.flow_run_id)
            path.unlink(missing_ok=True)
    return marked


def _records(workspace: Workspace) -> list[tuple[Path, Running]]:
    found = []
    for path in sorted(workspace.running.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            run = Running(**json.loads(path.read_text()))
            found += [(path, run)] if run.host == platform.node() else []
    return found
