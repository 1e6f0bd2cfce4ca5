"""The page of reports shows what it is to show, and nothing else of the workspace or the machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from smearflow.service.page_process import Page, visible_file
from smearflow.workspace import Workspace

SHOWN = [
    "runs/20261124-081500-3f9a/report.html",
    "runs/20261124-081500-3f9a/summary.json",
    "artifacts/validate/0abc/data_docs/index.html",
    "artifacts/validate/0abc/data_docs/expectations/images.html",
    "checks/index.html",
    "checks/20261124-060000-11aa/check.json",
    "checks/20261124-060000-11aa/sheet.png",
]
HIDDEN = [
    "server.json",
    "mlflow.db",
    "runs/20261124-081500-3f9a/settings.yaml",
    "artifacts/train/0abc/model.json",
    "artifacts/validate/0abc/contract.json",
    "checks/.draft.html",
    "runs/.aside/report.html",
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.at(tmp_path / "workspace")
    for name in SHOWN + HIDDEN:
        file = workspace.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"this is {name}")
    return workspace


@pytest.fixture
def page(workspace: Workspace) -> Iterator[HTTPConnection]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, workspace)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        yield connection
        connection.close()
        server.shutdown()


def asked(page: HTTPConnection, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    page.request(method, path, headers=headers)
    answer = page.getresponse()
    return answer.status, answer.read().decode()


@pytest.mark.parametrize("name", SHOWN)
def test_reports_docs_and_checks_are_shown(page: HTTPConnection, name: str) -> None:
    assert asked(page, f"/{name}") == (200, f"this is {name}")


@pytest.mark.parametrize("name", HIDDEN)
def test_the_rest_of_the_workspace_is_not_there(page: HTTPConnection, name: str) -> None:
    assert asked(page, f"/{name}")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/runs",
        "/runs/",
        "/checks/",
        "/../secret.html",
        "/checks/../../secret.html",
        "/checks/..%2f..%2fsecret.html",
        "/checks/%2e%2e/%2e%2e/secret.html",
        "/checks/%252e%252e/secret.html",
        "/checks/index.html%00.png",
        "/checks/index.html/",
        "/checks/\\..\\index.html",
        "ftp://[no-address",
    ],
)
def test_no_folder_is_listed_and_no_way_leads_out(page: HTTPConnection, workspace: Workspace, path: str) -> None:
    (workspace.root.parent / "secret.html").write_text("secret")
    status, body = asked(page, path)
    assert status == 404
    assert "secret" not in body


def test_a_link_is_not_followed_whatever_it_points_to(workspace: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    (workspace.checks / "link.html").symlink_to(secret)
    (workspace.checks / "elsewhere").symlink_to(tmp_path)
    (workspace.root / "runs" / "latest").symlink_to("20261124-081500-3f9a")
    for name in ("checks/link.html", "checks/elsewhere/secret.html", "runs/latest/report.html"):
        assert (workspace.root / name).exists()
        assert visible_file(workspace.root, f"/{name}") is None


def test_a_workspace_that_is_itself_reached_over_a_link_is_served(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(workspace.root)
    assert visible_file(tmp_path / "short", "/checks/index.html") == workspace.checks / "index.html"


def test_the_front_page_is_there_for_an_empty_workspace(page: HTTPConnection) -> None:
    status, body = asked(page, "/")
    assert status == 200
    assert "None yet" in body and "Nothing has run here yet" in body


def test_head_says_the_length_and_sends_nothing(page: HTTPConnection) -> None:
    page.request("HEAD", f"/{SHOWN[0]}")
    answer = page.getresponse()
    assert (answer.status, answer.getheader("Content-Length")) == (200, str(len(f"this is {SHOWN[0]}")))
    assert answer.read() == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(page: HTTPConnection, method: str) -> None:
    assert asked(page, "/checks/index.html", method)[0] == 501


def test_a_site_elsewhere_that_points_its_name_here_reads_nothing(page: HTTPConnection) -> None:
    assert asked(page, "/", Host="reports.example.org")[0] == 421
    assert asked(page, "/", Host="localhost:4280")[0] == 200


def test_pages_are_typed_and_may_not_be_guessed_at(page: HTTPConnection) -> None:
    page.request("GET", "/checks/index.html")
    answer = page.getresponse()
    answer.read()
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_pages_run_no_script_and_fetch_nothing_from_elsewhere(page: HTTPConnection) -> None:
    for name in (SHOWN[0], SHOWN[2], HIDDEN[0]):
        page.request("GET", f"/{name}")
        answer = page.getresponse()
        answer.read()
        policy = answer.getheader("Content-Security-Policy") or ""
        assert policy.startswith("default-src 'none'") and "script" not in policy and "http" not in policy


def test_a_browser_finds_no_icon_and_no_fault(page: HTTPConnection) -> None:
    assert asked(page, "/favicon.ico") == (204, "")
