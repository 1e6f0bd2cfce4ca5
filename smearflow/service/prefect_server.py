"""One Prefect server a workspace: found, started, looked at, stopped. Standard library only.

A server counts as found only if its process lives, it says that it has our PREFECT_HOME, the database file is still
the one that it opened, and a write through it succeeds. Else it is ended and started anew.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from smearflow.errors import MissingPart
from smearflow.service.daemon import Daemon, start_of
from smearflow.service.ports import HOST, free_port, is_free, wait_until_free
from smearflow.service.prefect_api import can_write, is_home, problem_of, shows_page
from smearflow.service.services import STOPPED, ServiceStatus
from smearflow.workspace import Workspace, write_text

PORT = 4200
START_LIMIT = 90.0  # seconds; a cold start takes 10-15 (migrations), a warm one 5
LOG_LINES = 12  # of a server that didn't start, shown in the error

QUIET: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",  # the newer page asks an outside host at every load
    # In memory, a slot whose holder dies together with the server would never be free again.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
}
# Kept, so that Python doesn't complain about a child that nobody waited for: it is to outlive us.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Server:
    """A Prefect server that answers. ``external``: named by PREFECT_API_URL, so not ours to stop; no pid."""

    api_url: str
    pid: int | None
    external: bool

    @property
    def ui_url(self) -> str:
        return self.api_url.removesuffix("/api")


@dataclass(frozen=True)
class Record:
    """server.json: the process that was started for PREFECT_HOME ``home``, and the inode of its database.

    ``database`` is None until it serves, and for a server on PostgreSQL.
    """

    api_url: str
    home: str
    pid: int
    started: str
    database: int | None

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.pid, self.started)

    @property
    def port(self) -> int:
        return int(self.api_url.removesuffix("/api").rpartition(":")[2])


def ensure_server(workspace: Workspace, port: int = PORT) -> Server:
    """The server of ``workspace``, started where there is none, at ``port`` or, if that is taken, any free one.

    An address in PREFECT_API_URL is used as it is. Raises MissingPart where that doesn't answer, or where our own
    doesn't start within 90 s. Processes that ask at the same time get the same server.
    """
    chosen = _chosen(workspace)
    if chosen:
        return _external(chosen)
    with _locked(workspace):
        record = _read_record(workspace)
        if record is None:
            record = _start(workspace, port)
        elif not _serves(record, workspace):
            record.daemon.end()
            wait_until_free(record.port)
            record = _start(workspace, record.port)  # where running flows and open pages look for it
    return Server(record.api_url, record.pid, external=False)


def client_environment(workspace: Workspace, server: Server) -> dict[str, str]:
    """What must be in a process's environment before it imports prefect: set later, it is ignored."""
    return {
        "PREFECT_API_URL": server.api_url,
        "PREFECT_HOME": str(workspace.prefect_home),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "DO_NOT_TRACK": "1",
        "no_proxy": _past_proxies(),
    }


def stop_server(workspace: Workspace) -> bool:
    """End the server that was started for ``workspace``. False where none ran; a dead one's record is removed."""
    with _locked(workspace):
        record = _read_record(workspace)
        if record is None:
            return False
        ended = record.daemon.end()
        workspace.server_record.unlink(missing_ok=True)
        return ended


def server_status(workspace: Workspace) -> ServiceStatus:
    """Where the server of ``workspace`` stands. Starts and ends nothing."""
    chosen = _chosen(workspace)
    if chosen:
        return ServiceStatus("stopped" if problem_of(chosen) else "running", chosen, None)
    record = _read_record(workspace)
    if record is None or not record.daemon.lives:
        return STOPPED
    return ServiceStatus("running" if _serves(record, workspace) else "broken", record.api_url, record.pid)


def _past_proxies() -> str:
    """The user's no_proxy with our host in it: Prefect's client would ask the proxy for 127.0.0.1 otherwise."""
    known = os.environ.get("no_proxy", os.environ.get("NO_PROXY", ""))
    hosts = [host for host in known.split(",") if host]
    return ",".join(hosts if HOST in hosts else [*hosts, HOST])


def _chosen(workspace: Workspace) -> str | None:
    """The address in PREFECT_API_URL, unless it is that of our own server: then we put it there ourselves."""
    chosen = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    record = _read_record(workspace)
    return chosen if chosen and (record is None or chosen != record.api_url) else None


def _external(api_url: str) -> Server:
    problem = problem_of(api_url)
    if problem:
        raise MissingPart(
            f"No Prefect server can be used at PREFECT_API_URL={api_url}: {problem}.",
            "Start it, correct the address (it ends in /api), or `unset PREFECT_API_URL`: smearflow has its own.",
        )
    return Server(api_url, None, external=True)


def _serves(record: Record, workspace: Workspace) -> bool:
    """Whether the recorded server lives, still has this workspace's database and its page, and can write."""
    return record.daemon.lives and record.database == _database(workspace) and _answers(record, workspace)


def _answers(record: Record, workspace: Workspace) -> bool:
    """Whether this workspace's own server is at the recorded address, can write, and has its page."""
    return is_home(record.api_url, workspace.prefect_home) and can_write(record.api_url) and shows_page(record.api_url)


def _database(workspace: Workspace) -> int | None:
    """The inode of the database: after its folder was deleted, a server goes on writing into the old one."""
    try:
        return (workspace.prefect_home / "prefect.db").stat().st_ino
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    """One process at a time looks for, starts or stops the server of ``workspace``."""
    with (workspace.root / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_record(workspace: Workspace) -> Record | None:
    """The recorded server. None too for a record that came with a copy of another workspace, which still is there."""
    try:
        record = Record(**json.loads(workspace.server_record.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    own = os.path.realpath(record.home) == os.path.realpath(workspace.prefect_home)
    return record if own or not Path(record.home).exists() else None


def _write_record(workspace: Workspace, record: Record) -> None:
    write_text(workspace.server_record, json.dumps(asdict(record), indent=1) + "\n")


def _start(workspace: Workspace, port: int) -> Record:
    """Start a server at ``port``, or at a free one if that is taken, also if it is taken while ours starts."""
    port = port if is_free(port) else free_port()
    try:
        return _start_at(workspace, port)
    except MissingPart:
        if is_free(port):
            raise
        return _start_at(workspace, free_port())


def _start_at(workspace: Workspace, port: int) -> Record:
    workspace.prefect_home.mkdir(parents=True, exist_ok=True)
    log = workspace.prefect_home / "server.log"
    before = log.stat().st_size if log.exists() else 0
    process = _spawn(workspace, port, log)
    record = Record(_api_url(port), str(workspace.prefect_home), process.pid, start_of(process.pid) or "", None)
    try:
        _write_record(workspace, record)  # now: were we killed while we wait, the next one would find and end it
        _wait_for(process, record, workspace, log, before)
        record = replace(record, database=_database(workspace))
        _write_record(workspace, record)
    except BaseException:  # Ctrl-C too
        record.daemon.end()
        workspace.server_record.unlink(missing_ok=True)
        raise
    return record


def _spawn(workspace: Workspace, port: int, log: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        **QUIET,
        "PREFECT_HOME": str(workspace.prefect_home),
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_API_URL": _api_url(port),  # without it the page asks port 4200, whoever that is
        "PREFECT_UI_URL": _api_url(port).removesuffix("/api"),
    }
    command = [
        sys.executable,
        "-m",
        "smearflow.service.prefect_process",
        "server",
        "start",
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C on our terminal isn't meant for it
        )
    _started.append(process)
    return process


def _wait_for(process: subprocess.Popen[bytes], record: Record, workspace: Workspace, log: Path, before: int) -> None:
    """Return once the server serves. Raises MissingPart with the end of its log where it dies or takes too long."""
    deadline = time.monotonic() + START_LIMIT
    while not _answers(record, workspace):
        late = time.monotonic() > deadline
        if late or process.poll() is not None:
            problem = f"didn't answer within {START_LIMIT:.0f} s" if late else f"ended with status {process.returncode}"
            raise MissingPart(
                f"The Prefect server at {record.api_url} {problem}. The end of {log}:\n{_tail(log, before)}",
                f"Mend what it says and run again; {workspace.prefect_home} can be deleted, which loses its history.",
            )
        time.sleep(0.05)


def _tail(log: Path, before: int) -> str:
    """The last lines of ``log``, from byte ``before`` on."""
    with log.open("rb") as file:
        file.seek(before)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-LOG_LINES:])


def _api_url(port: int) -> str:
    return f"http://{HOST}:{port}/api"
