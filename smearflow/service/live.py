"""The pipeline live: server, page, worker and deployments brought up together, mended, and taken down again."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smearflow.configuration import NO_PATHS, as_yaml, load_settings, with_absolute_paths
from smearflow.data.downloads import is_address
from smearflow.errors import SmearflowError
from smearflow.service.deployments import deploy
from smearflow.service.page import end_page, ensure_page, page_status
from smearflow.service.prefect_api import NO_ANSWER
from smearflow.service.prefect_runs import mark_over, pending
from smearflow.service.prefect_server import Server, ensure_server, server_status, stop_server
from smearflow.service.running import mark_gone
from smearflow.service.services import Service, ServiceStatus, one_at_a_time
from smearflow.service.worker import end_worker, ensure_worker, worker_status
from smearflow.settings import Settings
from smearflow.workspace import Workspace, write_text

PERIOD = 20.0  # seconds between two looks: a flow that ends waits two minutes for its server
NEVER_BEGAN = "Its worker was gone before it began. Start it again."


@dataclass(frozen=True)
class Live:
    """What is up: addresses, names of deployments, how many runs were found without their process, missing folders."""

    server: Server
    page: Service
    worker: Service
    deployments: list[str]
    marked: int
    missing: tuple[str, ...]


def bring_up(workspace: Workspace, settings: Settings) -> Live:
    """Start what isn't there, mend what is broken, deploy anew, and mark runs whose process is gone.

    Nothing is started twice, also not by two that ask at once. Raises MissingPart where a part can't be had.
    """
    settings = with_absolute_paths(settings)  # the worker runs in another folder
    _make_folders(workspace, settings)
    with one_at_a_time(workspace):
        server = ensure_server(workspace)
        page, _ = ensure_page(workspace)
        worker, new = ensure_worker(workspace, server, settings.live.pool)
        marked = mark_gone(workspace, server.api_url)
        if new and not server.external:
            marked += _never_began(server, settings.live.pool)
        deployments = deploy(workspace, settings, server)
        write_text(workspace.services / "settings.yaml", as_yaml(settings))
    return Live(server, page, worker, deployments, len(marked), missing(settings))


def stay(workspace: Workspace, settings: Settings, tell: Callable[[Live], None], period: float = PERIOD) -> None:
    """Bring up, then look every ``period`` seconds whether all services run, and mend what doesn't, until interrupted.

    ``tell`` is handed what is up, each time anew. What can't be mended now, as a server elsewhere that is away, is
    told and tried again.
    """
    once = False
    while True:
        down = [name for name, status in services(workspace).items() if status.state != "running"]
        if once and down:
            print(f"mending   {', '.join(down)}", flush=True)
        if down or not once:
            try:
                tell(bring_up(workspace, settings))
                once = True
            except (SmearflowError, OSError) as error:  # a disk that is full now, too
                print(f"smearflow: {error}", file=sys.stderr, flush=True)
        time.sleep(period)


def take_down(workspace: Workspace) -> list[str]:
    """End what was started for ``workspace``, the worker with its runs before the server. Returns what ended."""
    with one_at_a_time(workspace):
        ended = {"worker": end_worker(workspace), "page": end_page(workspace)}
        server = server_status(workspace)
        if server.url:
            mark_gone(workspace, server.url)  # a run that had to be killed could not say so
        ended["Prefect server"] = stop_server(workspace)
    return [name for name, was in ended.items() if was]


def services(workspace: Workspace) -> dict[str, ServiceStatus]:
    """Where each service stands. Starts and ends nothing."""
    return {
        "server": server_status(workspace),
        "worker": worker_status(workspace),
        "page": page_status(workspace),
    }


def settings_of(workspace: Workspace) -> Settings | None:
    """The settings that the schedule runs with: those of the last `up`; None where there was none."""
    path = workspace.services / "settings.yaml"
    return load_settings(path) if path.exists() else None


def missing(settings: Settings) -> tuple[str, ...]:
    """Paths that the schedule's runs will read and that aren't there now: no hindrance, but worth a line."""
    sources = [name for name in settings.data.sources if name not in NO_PATHS and not is_address(name)]
    read = [*sources, *([settings.quality_check.drop] if settings.quality_check.drop else [])]
    return tuple(path for path in read if not Path(path).expanduser().exists())


def _make_folders(workspace: Workspace, settings: Settings) -> None:
    """The workspace's own drop folder and archive, so that both can be named as a source before the first batch.

    Folders that the settings name elsewhere are the user's to make: a disk that isn't mounted mustn't be hidden.
    """
    if settings.quality_check.drop is None:
        workspace.drop.mkdir(exist_ok=True)
    if settings.quality_check.archive is None:
        for kind in ("labelled", "unlabelled"):
            (workspace.archive / kind).mkdir(parents=True, exist_ok=True)


def _never_began(server: Server, pool: str) -> list[str]:
    """Mark runs that a worker took and never began: nobody else would, and they keep the next one waiting."""
    try:
        return [run for run in pending(server.api_url, pool) if mark_over(server.api_url, run, NEVER_BEGAN)]
    except NO_ANSWER:
        return []
