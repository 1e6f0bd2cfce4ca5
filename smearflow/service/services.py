"""What was started for a workspace besides its server: a record each, in the workspace, and a log.

A service counts as ours only if its process is the recorded one, and the record was written for this very folder:
one that came with a copy of another workspace is nobody's.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from smearflow.service.daemon import Daemon, start_of
from smearflow.workspace import Workspace, write_text

Name = Literal["worker", "page"]
# Kept, so that Python doesn't complain about a child that nobody waited for: it is to outlive us.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ServiceStatus:
    """What `smearflow status` says. ``broken``: its process is there, but doesn't serve this workspace (yet)."""

    state: Literal["running", "stopped", "broken"]
    url: str | None
    pid: int | None


STOPPED = ServiceStatus("stopped", None, None)


@dataclass(frozen=True)
class Service:
    """A process, the folder that it was started for, its address, and what it was told at its start."""

    pid: int
    started: str
    root: str
    url: str
    told: Mapping[str, str]

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.pid, self.started)


def read_service(workspace: Workspace, name: Name) -> Service | None:
    """The recorded service, if its process lives."""
    service = last_known(workspace, name)
    if service is None or os.path.realpath(service.root) != os.path.realpath(workspace.root):
        return None
    return service if service.daemon.lives else None


def start_service(
    workspace: Workspace, name: Name, command: Sequence[str], url: str, told: Mapping[str, str], **environment: str
) -> Service:
    """Start `python -m COMMAND` in a session of its own, and record it before anything else can go wrong."""
    workspace.services.mkdir(parents=True, exist_ok=True)
    with log_of(workspace, name).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=Path(__file__).parents[2],  # the checkout: where `python -m` finds our packages
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C on our terminal isn't meant for it
        )
    _started.append(process)
    service = Service(process.pid, start_of(process.pid) or "", str(workspace.root), url, dict(told))
    write_text(_record(workspace, name), json.dumps(asdict(service), indent=1) + "\n")
    return service


def last_known(workspace: Workspace, name: Name) -> Service | None:
    """The service as it was last recorded, whether it lives or not."""
    try:
        return Service(**json.loads(_record(workspace, name).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def log_of(workspace: Workspace, name: str) -> Path:
    return workspace.services / f"{name}.log"


def last_words(log: Path, lines: int = 12) -> str:
    """The end of ``log``, indented."""
    with log.open(errors="replace") as file:
        return "".join(f"  {line}" for line in deque((line for line in file if line.strip()), maxlen=lines))


@contextlib.contextmanager
def one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """One process at a time brings services up or takes them down."""
    with (workspace.root / "services.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _record(workspace: Workspace, name: Name) -> Path:
    return workspace.services / f"{name}.json"
