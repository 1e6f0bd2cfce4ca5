"""The read-only page of a workspace's reports: links to files don't open from Prefect's page, links to this one do."""

import json
import time
from pathlib import Path
from urllib.parse import quote

from smearflow.errors import MissingPart
from smearflow.service.ports import HOST, free_port, is_free, wait_until_free
from smearflow.service.prefect_api import DIRECT, NO_ANSWER
from smearflow.service.services import (
    STOPPED,
    Service,
    ServiceStatus,
    last_known,
    last_words,
    log_of,
    read_service,
    start_service,
)
from smearflow.workspace import Workspace

PORT = 4280
START_LIMIT = 30.0  # seconds; 1 on an idle machine
LIMIT = 5.0  # seconds for an answer


def ensure_page(workspace: Workspace, port: int = PORT) -> tuple[Service, bool]:
    """The page of ``workspace``, and whether it had to be started: where it was last, so that links stay good.

    Raises MissingPart where it doesn't start.
    """
    known = read_service(workspace, "page")
    if known and _answers(known):
        return known, False
    if known:
        known.daemon.end()
    last = last_known(workspace, "page")
    wanted = int(last.url.rpartition(":")[2]) if last else port
    free = wait_until_free(wanted) if last else is_free(wanted)
    return _start(workspace, wanted if free else free_port()), True


def end_page(workspace: Workspace) -> bool:
    """End the page. True where one ran."""
    known = read_service(workspace, "page")
    return known.daemon.end() if known else False


def page_status(workspace: Workspace) -> ServiceStatus:
    """Where the page stands. Starts and ends nothing."""
    known = read_service(workspace, "page")
    if known is None:
        return STOPPED
    return ServiceStatus("running" if _answers(known) else "broken", known.url, known.pid)


def page_url(workspace: Workspace) -> str | None:
    """The address of the running page; None where none runs."""
    known = read_service(workspace, "page")
    return known.url if known else None


def shown_at(file: Path) -> str | None:
    """Where ``file`` can be opened, on the page of the workspace that it lies in; None where no page runs."""
    for root in file.parents:
        page = page_url(Workspace(root)) if (root / "services").is_dir() else None
        if page:
            return f"{page}/{quote(file.relative_to(root).as_posix())}"
    return None


def _start(workspace: Workspace, port: int) -> Service:
    url = f"http://{HOST}:{port}"
    command = ["smearflow.service.page_process", str(workspace.root), str(port)]
    service = start_service(workspace, "page", command, url, {})
    deadline = time.monotonic() + START_LIMIT
    while not _answers(service):
        if time.monotonic() > deadline or not service.daemon.lives:
            service.daemon.end()
            log = log_of(workspace, "page")
            raise MissingPart(
                f"The page of reports didn't start at {url}. The end of {log}:\n{last_words(log)}",
                "Mend what it says, then `smearflow up` again.",
            )
        time.sleep(0.05)
    return service


def _answers(page: Service) -> bool:
    """Whether this very process answers at its address, for this very folder."""
    try:
        with DIRECT.open(f"{page.url}/health", timeout=LIMIT) as answer:
            return bool(json.loads(answer.read()) == {"root": page.root, "pid": page.pid})
    except NO_ANSWER:
        return False
