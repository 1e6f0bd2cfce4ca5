"""A run whose process was killed is said to have crashed, by whoever comes next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smearflow.service.daemon import start_of
from smearflow.service.prefect_api import ask
from smearflow.service.prefect_server import Server
from smearflow.service.running import WORKER, mark_gone, note_running, running
from smearflow.workspace import Workspace


@pytest.fixture
def elsewhere(tmp_path: Path) -> Workspace:
    """A workspace of its own on the session's server."""
    return Workspace.at(tmp_path)


def flow_run(server: Server, *states: str) -> str:
    """A flow run with a task run, brought through ``states``; its id."""
    flow = ask("POST", f"{server.api_url}/flows/", {"name": "retraining"})
    run = ask("POST", f"{server.api_url}/flow_runs/", {"flow_id": flow["id"]})
    for state in states:
        told = {"state": {"type": state, "name": state.capitalize()}}
        ask("POST", f"{server.api_url}/flow_runs/{run['id']}/set_state", told)
    task = {"flow_run_id": run["id"], "task_key": "train", "dynamic_key": "0"}
    ask("POST", f"{server.api_url}/task_runs/", {**task, "state": {"type": "RUNNING", "name": "Running"}})
    return str(run["id"])


def states(server: Server, flow_run_id: str) -> list[str]:
    """The run's state, and those of its tasks."""
    run = ask("GET", f"{server.api_url}/flow_runs/{flow_run_id}")
    tasks = ask("POST", f"{server.api_url}/task_runs/filter", {"flow_runs": {"id": {"any_": [flow_run_id]}}})
    return [run["state_name"], *(task["state_name"] for task in tasks)]


def note_dead(workspace: Workspace, server: Server, flow_run_id: str) -> None:
    """Put a process on record that ends without another word."""
    code = "import sys; from smearflow.service.running import note_running; from smearflow.workspace import Workspace; "
    code += "note_running(Workspace.at(sys.argv[1]), *sys.argv[2:])"
    subprocess.run([sys.executable, "-c", code, str(workspace.root), flow_run_id, server.api_url], check=True)


def test_a_run_whose_process_is_gone_has_crashed_and_its_tasks_too(server: Server, elsewhere: Workspace) -> None:
    run = flow_run(server, "PENDING", "RUNNING")
    note_dead(elsewhere, server, run)
    assert mark_gone(elsewhere, server.api_url) == [run]
    assert states(server, run) == ["Crashed", "Crashed"]
    assert "process is gone" in ask("GET", f"{server.api_url}/flow_runs/{run}")["state"]["message"]
    assert not list(elsewhere.running.iterdir())
    assert mark_gone(elsewhere, server.api_url) == []


def test_a_run_whose_process_lives_is_let_be(
    server: Server, elsewhere: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WORKER, raising=False)
    run = flow_run(server, "PENDING", "RUNNING")
    note_running(elsewhere, run, server.api_url)
    assert mark_gone(elsewhere, server.api_url) == []
    assert states(server, run)[0] == "Running"
    noted = running(elsewhere)[0]
    assert (noted.pid, noted.started, noted.by_worker) == (os.getpid(), start_of(os.getpid()), False)


def test_what_the_server_knows_as_over_stays_as_it_is(server: Server, elsewhere: Workspace) -> None:
    run = flow_run(server, "PENDING", "RUNNING", "COMPLETED")
    note_dead(elsewhere, server, run)
    assert mark_gone(elsewhere, server.api_url) == []
    assert states(server, run)[0] == "Completed"
    assert not list(elsewhere.running.iterdir())


def test_a_server_that_lost_its_database_is_asked_once(server: Server, elsewhere: Workspace) -> None:
    note_dead(elsewhere, server, "00000000-0000-4000-8000-000000000000")
    assert mark_gone(elsewhere, server.api_url) == []
    assert not list(elsewhere.running.iterdir())


def test_a_server_that_does_not_answer_is_told_the_next_time(server: Server, elsewhere: Workspace) -> None:
    nowhere = Server("http://127.0.0.1:9/api", None, external=True)
    note_dead(elsewhere, nowhere, "00000000-0000-4000-8000-000000000000")
    assert mark_gone(elsewhere, nowhere.api_url) == []
    assert mark_gone(elsewhere, server.api_url) == []  # the run is another server's
    assert len(list(elsewhere.running.iterdir())) == 1
