"""One real Prefect server for this module: found, shared, replaced, stopped. It starts three times (30-60 s)."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from smearflow.errors import MissingPart
from smearflow.service.daemon import Daemon, start_of
from smearflow.service.prefect_server import (
    Server,
    client_environment,
    ensure_server,
    server_status,
    stop_server,
)
from smearflow.service.services import ServiceStatus
from smearflow.workspace import Workspace

ASK = """
import sys
from smearflow.service.prefect_server import ensure_server
from smearflow.service.services import ServiceStatus
from smearflow.workspace import Workspace
print(ensure_server(Workspace.at(sys.argv[1]), port=int(sys.argv[2])).api_url)
"""


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace.at(tmp_path_factory.mktemp("server") / "workspace")
    yield workspace
    stop_server(workspace)


@pytest.fixture
def server(workspace: Workspace) -> Server:
    return ensure_server(workspace)


def daemon_of(server: Server) -> Daemon:
    assert server.pid is not None
    return Daemon(server.pid, start_of(server.pid) or "")


def get(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def test_three_processes_at_once_get_one_server_and_not_somebody_elses_port(workspace: Workspace) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        port = somebody_else.getsockname()[1]
        command = [sys.executable, "-c", ASK, str(workspace.root), str(port)]
        asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
        addresses = {process.communicate(timeout=180)[0].strip() for process in asking}
    assert len(addresses) == 1
    assert server_status(workspace).state == "running"
    assert server_status(workspace).url in addresses
    assert f":{port}/" not in addresses.pop()


def test_it_is_found_again(workspace: Workspace, server: Server) -> None:
    assert ensure_server(workspace) == server
    assert server_status(workspace) == ServiceStatus("running", server.api_url, server.pid)


def test_looking_leaves_nothing_behind(server: Server) -> None:
    request = urllib.request.Request(f"{server.api_url}/variables/count", b"{}", {"Content-Type": "application/json"})
    assert urllib.request.urlopen(request).read() == b"0"


def test_its_page_asks_it_and_nobody_else(server: Server) -> None:
    page = get(f"{server.ui_url}/ui-settings")
    assert page["api_url"] == server.api_url
    assert page["default_ui"] == "v1"


def test_an_address_that_we_set_ourselves_is_still_ours(
    workspace: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in client_environment(workspace, server).items():
        monkeypatch.setenv(name, value)
    assert not ensure_server(workspace).external


def test_a_proxy_is_not_asked_for_it(workspace: Workspace, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intranet.example.org")
    assert client_environment(workspace, server)["no_proxy"] == "intranet.example.org,127.0.0.1"


def test_it_serves_another_workspace_that_names_it(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", server.api_url)
    elsewhere = Workspace.at(tmp_path)
    assert ensure_server(elsewhere) == Server(server.api_url, None, external=True)
    assert server_status(elsewhere) == ServiceStatus("running", server.api_url, None)
    assert not stop_server(elsewhere)


def test_a_server_without_its_database_is_broken(workspace: Workspace, server: Server) -> None:
    database = workspace.prefect_home / "prefect.db"
    aside = database.rename(database.with_suffix(".aside"))
    assert server_status(workspace) == ServiceStatus("broken", server.api_url, server.pid)
    aside.rename(database)
    assert server_status(workspace).state == "running"


def test_killed_it_is_replaced_at_the_same_address(workspace: Workspace, server: Server) -> None:
    assert server.pid is not None
    os.kill(server.pid, 9)
    again = ensure_server(workspace)
    assert again.pid != server.pid
    assert again.api_url == server.api_url


def test_deleted_with_its_workspace_it_ends_and_another_starts(workspace: Workspace, server: Server) -> None:
    process = daemon_of(server)
    shutil.rmtree(workspace.root)
    assert process.gone_within(20)
    again = ensure_server(Workspace.at(workspace.root))
    assert again.pid != server.pid
    assert server_status(workspace).state == "running"


def test_stopped_it_leaves_no_process_and_no_record(workspace: Workspace, server: Server) -> None:
    process = daemon_of(server)
    assert stop_server(workspace)
    assert not process.lives
    assert server_status(workspace) == ServiceStatus("stopped", None, None)
    assert not stop_server(workspace)


def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace.at(tmp_path)
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "loud")
    with pytest.raises(MissingPart, match=r"(?s)ended with status 1.*server\.log.*LOUD"):
        ensure_server(workspace)
    assert server_status(workspace).state == "stopped"


def test_an_address_that_nobody_answers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(MissingPart, match=r"PREFECT_API_URL=http://127\.0\.0\.1:9/api.*refused") as refused:
        ensure_server(Workspace.at(tmp_path))
    assert "unset PREFECT_API_URL" in refused.value.fix
    assert server_status(Workspace.at(tmp_path)).state == "stopped"


def test_the_server_of_a_workspace_is_not_ended_from_a_copy_of_it(tmp_path: Path) -> None:
    original, copy = Workspace.at(tmp_path / "original"), Workspace.at(tmp_path / "copy")
    original.prefect_home.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        record = {
            "api_url": "http://127.0.0.1:9/api",
            "home": str(original.prefect_home),
            "pid": process.pid,
            "started": start_of(process.pid),
            "database": None,
        }
        copy.server_record.write_text(json.dumps(record))
        assert not stop_server(copy)
        assert process.poll() is None
        original.server_record.write_text(json.dumps(record))
        assert stop_server(original)
