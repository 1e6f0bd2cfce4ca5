"""A run is on record with its process, and marks those before it that were killed."""

import json
import os
from pathlib import Path

from prefect import flow

from flows.recording import recorded
from smearflow.service.prefect_server import Server
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tests.test_service_running import flow_run, note_dead, states


@flow(name="recorded")
def under_record(root: Path) -> dict[str, str]:
    with recorded("validate", Settings(), root, fresh=False):
        (record,) = Workspace.at(root).running.glob("*.json")
        found: dict[str, str] = json.loads(record.read_text())
    return found


def test_a_run_puts_its_process_on_record(prefect_server: Server, tmp_path: Path) -> None:
    state = under_record(tmp_path, return_state=True)
    record = state.result()
    assert record["pid"] == os.getpid()
    assert record["api_url"] == prefect_server.api_url
    summary = json.loads((tmp_path / "latest" / "summary.json").read_text())
    assert summary["prefect"]["flow_run_id"] == record["flow_run_id"]


def test_the_next_run_says_that_a_killed_one_has_crashed(prefect_server: Server, tmp_path: Path) -> None:
    killed = flow_run(prefect_server, "PENDING", "RUNNING")
    note_dead(Workspace.at(tmp_path), prefect_server, killed)
    under_record(tmp_path)
    assert states(prefect_server, killed) == ["Crashed", "Crashed"]
