"""Labels that arrive, on a real server: the event, the one run that answers it, and none when another follows soon."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect_cleared import clear

from smearflow.data.decisions import Decision, append, head_of, now, read_decisions
from smearflow.origins import Origins, write_origins
from smearflow.service.deployments import deploy
from smearflow.service.events import LABELS_ARRIVED, labels_arrived, tell_again, tell_of_labels, unlearned
from smearflow.service.prefect_api import ask
from smearflow.service.prefect_runs import automations_on, make_pool
from smearflow.service.prefect_server import Server
from smearflow.settings import Settings
from smearflow.workspace import Workspace

POOL = "nobody-works-here"
SETTINGS = Settings.model_validate(
    {"live": {"pool": POOL}, "registry": {"name": "cells-of-a-ward"}, "split": {"seed": 7}}
)


@pytest.fixture(scope="module")
def deployed(server: Server, workspace: Workspace) -> Iterator[str]:
    """The deployments of prefect.yaml, twice, on a pool without a worker. The address of the server's API."""
    make_pool(server.api_url, POOL)
    for _ in range(2):
        deploy(workspace, SETTINGS, server)
    yield server.api_url
    for run in answers(server.api_url):
        ask("DELETE", f"{server.api_url}/flow_runs/{run['id']}")
    clear(server)
    ask("DELETE", f"{server.api_url}/work_pools/{POOL}")


def answers(api_url: str) -> list[dict[str, Any]]:
    """The runs of the deployment that answers labels."""
    asked = {"deployments": {"name": {"any_": ["retraining-on-labels"]}}}
    found: list[dict[str, Any]] = ask("POST", f"{api_url}/flow_runs/filter", asked)
    return found


def answered(api_url: str) -> list[dict[str, Any]]:
    """The same, once there is one."""
    for _ in range(100):
        if found := answers(api_url):
            return found
        time.sleep(0.1)
    raise AssertionError("no run within 10 s")


def events(api_url: str) -> list[dict[str, Any]]:
    asked = {"filter": {"event": {"name": [LABELS_ARRIVED]}}}
    found: list[dict[str, Any]] = ask("POST", f"{api_url}/events/filter", asked)["events"]
    return found


def decide(workspace: Workspace, decided: str) -> None:
    append(workspace.labels, [Decision("C1_a.png", None, None, decided, "Ada", now())])


def test_labels_that_arrive_are_answered_by_one_run_and_more_that_follow_soon_by_none(
    deployed: str, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert automations_on(deployed, LABELS_ARRIVED) == ["labels-retrain"], "deployed twice, there once"
    assert labels_arrived(deployed, "another-line", "0" * 64, 3, ["Bo"], "not ours") is None
    monkeypatch.setenv("PREFECT_API_URL", deployed)
    reviewed = Workspace.at(tmp_path)
    decide(reviewed, "Parasitized")
    said = tell_of_labels(reviewed, "cells-of-a-ward", "a review")
    assert said.startswith("A retraining learns from them")
    (run,) = answered(deployed)
    assert run["created_by"]["type"] == "AUTOMATION" and run["state_name"] == "Scheduled"
    assert Settings.model_validate(run["parameters"]["settings"]) == SETTINGS
    assert run["parameters"]["workspace"] == str(workspace.root)
    tell_of_labels(reviewed, "cells-of-a-ward", "another review")
    for _ in range(50):
        if len(events(deployed)) == 3:
            break
        time.sleep(0.1)
    time.sleep(2)  # the first event took less to its run
    assert [each["id"] for each in answers(deployed)] == [run["id"]]
    told = next(event["payload"] for event in events(deployed) if event["payload"]["why"] == "a review")
    assert (told["decisions"], told["readers"]) == (1, ["Ada"]) and len(told["head"]) == 64


def test_where_no_server_is_known_the_next_run_is_named(tmp_path: Path) -> None:
    assert tell_of_labels(Workspace.at(tmp_path), "malaria-cells", "a review").startswith("The next run learns")


def test_a_server_that_does_not_answer_is_a_problem_not_an_error() -> None:
    problem = labels_arrived("http://127.0.0.1:9/api", "malaria-cells", "0" * 64, 1, ["Ada"], "a review")
    assert problem is not None and "refused" in problem


def train(workspace: Workspace, run_id: str) -> None:
    """Leave what a run leaves that went by the decisions of now."""
    head = head_of(read_decisions(workspace.labels))
    origins = Origins(
        run_id=run_id,
        settings=Settings(),
        root=workspace.root,
        split=workspace.root,
        models={},
        machine={},
        digests={"decisions": head},
    )
    write_origins(origins, workspace.run(run_id))


def test_decisions_that_the_last_training_did_not_know_are_still_to_be_learned_from(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert not unlearned(workspace)
    decide(workspace, "Parasitized")
    assert unlearned(workspace), "nothing was trained yet"
    train(workspace, "20261128-101500-3f9a")
    workspace.run("20261128-120000-beef").mkdir()  # came to no training
    assert not unlearned(workspace) and tell_again(workspace, "malaria-cells") is None
    decide(workspace, "Uninfected")
    assert unlearned(workspace)
    assert str(tell_again(workspace, "malaria-cells")).startswith("The next run learns")


def test_a_ledger_that_another_hand_changed_does_not_stop_who_reminds_of_it(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    decide(workspace, "Parasitized")
    workspace.labels.write_text(workspace.labels.read_text().replace("Parasitized", "Uninfected"))
    assert "changed by another hand" in str(tell_again(workspace, "malaria-cells"))
