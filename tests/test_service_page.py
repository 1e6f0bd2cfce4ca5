"""The page is started once, found again, mended at its old address, and ended."""

import os
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from smearflow.service.page import end_page, ensure_page, page_status, page_url, shown_at
from smearflow.service.ports import free_port
from smearflow.service.services import STOPPED
from smearflow.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace.at(tmp_path_factory.mktemp("page") / "workspace")
    yield workspace
    end_page(workspace)


def test_it_is_started_once_and_answers(workspace: Workspace) -> None:
    page, new = ensure_page(workspace, port=free_port())
    assert new
    assert ensure_page(workspace) == (page, False)
    assert page_status(workspace).state == "running"
    assert page_url(workspace) == page.url
    assert "smearflow" in urllib.request.urlopen(page.url).read().decode()


def test_a_run_has_an_address(workspace: Workspace) -> None:
    report = workspace.run("20261124-081500-3f9a") / "report.html"
    assert shown_at(report) == f"{page_url(workspace)}/runs/20261124-081500-3f9a/report.html"


def test_killed_it_comes_back_where_it_was(workspace: Workspace) -> None:
    before, _ = ensure_page(workspace)
    os.kill(before.pid, 9)
    assert before.daemon.gone_within(10)
    assert page_status(workspace) == STOPPED
    after, new = ensure_page(workspace)
    assert new and after.pid != before.pid
    assert after.url == before.url


def test_the_page_of_a_copied_workspace_is_not_taken_for_its_own(workspace: Workspace, tmp_path: Path) -> None:
    ensure_page(workspace)
    shutil.copytree(workspace.root, tmp_path / "copy")
    copy = Workspace.at(tmp_path / "copy")
    assert page_url(copy) is None
    assert not end_page(copy)
    assert page_status(workspace).state == "running"


def test_ended_it_is_gone(workspace: Workspace) -> None:
    page, _ = ensure_page(workspace)
    assert end_page(workspace)
    assert not page.daemon.lives
    assert page_url(workspace) is None and shown_at(workspace.run("x") / "report.html") is None
    assert not end_page(workspace)


def test_it_ends_with_its_workspace(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "workspace")
    page, _ = ensure_page(workspace, port=free_port())
    shutil.rmtree(workspace.root)
    assert page.daemon.gone_within(20)
