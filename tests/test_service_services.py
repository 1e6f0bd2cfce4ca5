"""A service is known by its process and by the folder that it was started for."""

from pathlib import Path

import pytest

from smearflow.service.services import last_known, last_words, log_of, one_at_a_time, read_service, start_service
from smearflow.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path)


def test_a_started_service_is_on_record_until_it_ends(workspace: Workspace) -> None:
    service = start_service(workspace, "page", ["http.server", "0", "--bind", "127.0.0.1"], "http://x", {"a": "b"})
    assert read_service(workspace, "page") == service
    assert service.daemon.end()
    assert read_service(workspace, "page") is None
    assert last_known(workspace, "page") == service


def test_what_it_says_goes_to_its_log(workspace: Workspace) -> None:
    service = start_service(workspace, "worker", ["smearflow.nowhere"], "", {}, COLUMNS="80")
    assert service.daemon.gone_within(20)
    assert "No module named smearflow.nowhere" in last_words(log_of(workspace, "worker"))


def test_a_spoilt_record_is_none(workspace: Workspace) -> None:
    workspace.services.mkdir()
    (workspace.services / "page.json").write_text('{"pid": 1')
    assert read_service(workspace, "page") is None


def test_only_one_brings_up_at_a_time(workspace: Workspace) -> None:
    with one_at_a_time(workspace):
        assert (workspace.root / "services.lock").exists()
