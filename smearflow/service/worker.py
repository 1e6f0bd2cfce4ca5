"""The Prefect worker of a workspace: takes scheduled runs from the work pool, each into a process of its own.

A run ends with its worker. Whatever becomes of the worker, nothing that it started goes on unseen: the process of a
run looks whether its worker is still there (``end_with_worker``), and the run's trainers look after the run.
"""

import os
import signal
import time
from collections.abc import Mapping

from smearflow.errors import MissingPart
from smearflow.models.leases import count_gpus, our_cores
from smearflow.models.training import slots
from smearflow.processes import end_once
from smearflow.service.daemon import children_of, end_together
from smearflow.service.prefect_api import NO_ANSWER
from smearflow.service.prefect_runs import heartbeat, make_pool
from smearflow.service.prefect_server import Server, client_environment
from smearflow.service.running import WORKER, running
from smearflow.service.services import (
    STOPPED,
    Service,
    ServiceStatus,
    last_words,
    log_of,
    read_service,
    start_service,
)
from smearflow.workspace import Workspace, digest_of

START_LIMIT = 60.0  # seconds; 3 on an idle machine
HEARTBEAT = 10  # seconds between two signs of life; the server calls a worker offline after three without one
POLL = 5  # seconds between two looks for runs
FLOWS = 3  # two retrainings, one of them for new labels, and a quality check, beside the backbones that are handed out


def ensure_worker(workspace: Workspace, server: Server, pool: str) -> tuple[Service, bool]:
    """The worker of ``workspace`` on ``pool``, and whether it had to be started.

    One that takes from another pool or server, or that the server hasn't heard of lately, is ended first.
    Raises MissingPart where it doesn't start.
    """
    told = {"pool": pool, "api_url": server.api_url, "name": _name(workspace)}
    known = read_service(workspace, "worker")
    if known and known.told == told and _heard_of(known, 3 * HEARTBEAT):
        return known, False
    if known:
        end_worker(workspace)
    return _start(workspace, server, told), True


def end_worker(workspace: Workspace) -> bool:
    """End the worker, and the runs that it has under way with their trainers. True where one ran."""
    known = read_service(workspace, "worker")
    if known:  # asked to end it would kill its runs; stopped it takes no more, and lets them end in their own words
        known.daemon.send(signal.SIGSTOP)
    starting = children_of(known.pid) if known else []  # not all of them are on record yet
    runs = end_together({*starting, *(run.daemon for run in running(workspace) if run.by_worker)})
    return (known.daemon.end() if known else False) or runs > 0


def worker_status(workspace: Workspace) -> ServiceStatus:
    """Where the worker stands. Starts and ends nothing."""
    known = read_service(workspace, "worker")
    if known is None:
        return STOPPED
    return ServiceStatus("running" if _heard_of(known, 0) else "broken", known.url, known.pid)


def end_with_worker() -> None:
    """In the process of a run: end as if by SIGTERM once the worker that started it is gone. Nothing elsewhere."""
    if WORKER in os.environ:
        worker = int(os.environ[WORKER])
        end_once(lambda: os.getppid() != worker)


def _start(workspace: Workspace, server: Server, told: dict[str, str]) -> Service:
    before = _last_heard(told)
    workspace.prefect_home.mkdir(exist_ok=True)  # on a server elsewhere nobody else makes it; the worker ends with it
    _make_pool(server.api_url, told["pool"])
    command = ["smearflow.service.prefect_process", "worker", "start", "--type", "process"]
    environment = client_environment(workspace, server) | {
        "PREFECT_WORKER_QUERY_SECONDS": str(POLL),
        "PREFECT_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT),
    }
    url = f"{server.ui_url}/work-pools/work-pool/{told['pool']}"
    command += ["--pool", told["pool"], "--name", told["name"], "--limit", str(FLOWS + _places())]
    service = start_service(workspace, "worker", command, url, told, **environment)
    deadline = time.monotonic() + START_LIMIT
    while (heard := _last_heard(told)) is None or heard == before:
        if time.monotonic() > deadline or not service.daemon.lives:
            service.daemon.end()
            log = log_of(workspace, "worker")
            raise MissingPart(
                f"The worker of pool {told['pool']} didn't come up. The end of {log}:\n{last_words(log)}",
                "Mend what it says, then `smearflow up` again.",
            )
        time.sleep(0.1)
    return service


def _places() -> int:
    """Backbones that this machine trains at once: with `workers=pool`, others are left to other machines' workers."""
    return slots(count_gpus(), len(our_cores()), None)


def _make_pool(api_url: str, pool: str) -> None:
    try:
        make_pool(api_url, pool)
    except NO_ANSWER as error:
        raise MissingPart(
            f"The Prefect server at {api_url} doesn't make the work pool {pool}: {error}",
            "Where it asks for a key, set PREFECT_API_KEY, or PREFECT_API_AUTH_STRING=user:password.",
        ) from None


def _heard_of(worker: Service, limit: float) -> bool:
    """Whether the server calls ``worker`` online, or does so within ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while _last_heard(worker.told) is None:
        if time.monotonic() > deadline or not worker.daemon.lives:
            return False
        time.sleep(0.2)
    return True


def _last_heard(told: Mapping[str, str]) -> str | None:
    try:
        return heartbeat(told["api_url"], told["pool"], told["name"])
    except NO_ANSWER:
        return None


def _name(workspace: Workspace) -> str:
    """What the server calls it: the same after a restart, another one for another workspace or machine."""
    return f"{workspace.root.name}-{digest_of(os.uname().nodename, str(workspace.root))[:8]}"
