"""Backbones on a work pool: a real server, a real worker, real trainers on small cells (20 s)."""

import pandas as pd
import pytest

from smearflow.data.splitting import Parts, parts_of
from smearflow.errors import DiskError, MissingPart, TrainingError
from smearflow.models.plans import Plan
from smearflow.service.prefect_api import ask
from smearflow.service.prefect_server import Server
from smearflow.settings import Model, Settings, Train
from smearflow.workspace import Workspace, is_whole
from tests.trained_cells import SIDE, split_of_cells

COMPACT = Model(name="compact", input_size=SIDE, weights="random", epochs=1)
UNKNOWN = Model(name="MobileNetV9", input_size=SIDE, weights="random")  # its trainer finds out before it imports Keras
PLANS = [Plan("MobileNetV9", UNKNOWN, None, None), Plan("compact", COMPACT, None, None)]
SETTINGS = Settings(train=Train(time_limit=200), workers="pool")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    table = split_of_cells(tmp_path_factory.mktemp("cells"), images=60)
    return parts_of(pd.read_parquet(table), table, table.parent)


def test_a_worker_takes_backbones_and_what_it_leaves_is_the_runs_own(
    prefect_server: Server, pool: None, workspace: Workspace, parts: Parts
) -> None:
    from prefect import flow

    from tasks.stage import Run
    from tasks.train import train_all
    from tasks.workers import hired

    run = Run("run", SETTINGS, workspace, "a-run")
    splits = {plan.label: parts for plan in PLANS}
    with hired(run, SETTINGS) as crew:
        models = flow(name="test")(train_all)(run, PLANS, splits, SETTINGS, crew.trainers)
    attempts = {attempt.plan.label: attempt for attempt in run.reached["train"]}
    assert "'MobileNetV9'; did you mean 'MobileNetV2'" in str(attempts["MobileNetV9"].error)
    assert list(models) == ["compact"] and is_whole(models["compact"].folder)
    assert models["compact"].folder.parent == workspace.root / "artifacts" / "train"
    runs = ask(
        "POST", f"{prefect_server.api_url}/flow_runs/filter", {"flows": {"name": {"any_": ["backbone-training"]}}}
    )
    assert {(r["name"], r["state_type"]) for r in runs} == {
        ("train compact", "COMPLETED"),
        ("train MobileNetV9", "FAILED"),
    }
    again = Run("run", SETTINGS.model_copy(update={"workers": "local"}), workspace, "another-run")
    flow(name="test")(train_all)(again, PLANS[1:], splits, again.settings)
    assert [(stage.name, stage.state) for stage in again.stages] == [("train", "cached")]
    assert not [left for left in workspace.running.iterdir() if left.suffix in (".parent", ".child")]


def test_what_a_worker_met_is_raised_here_as_if_met_here() -> None:
    from tasks.workers_pool import failure_of

    full = failure_of("compact", run_that_is("FAILED", "DiskError: /w is full.\nMake room."))
    assert isinstance(full, DiskError) and (full.what, full.fix) == ("/w is full.", "Make room.")
    overran = failure_of("compact", run_that_is("FAILED", "TrainingError: compact: not done after 9 s\nRaise it."))
    assert isinstance(overran, TrainingError) and not overran.retryable  # the worker tried again already
    killed = failure_of("compact", run_that_is("CRASHED", "Its process was killed."))
    assert killed.retryable and "Its process was killed." in str(killed)
    unknown = failure_of("compact", run_that_is("FAILED", "ImportError: no such thing"))
    assert "ImportError: no such thing" in str(unknown) and not unknown.retryable


def run_that_is(state: str, message: str) -> dict[str, object]:
    return {"state_type": state, "state_name": state.capitalize(), "state": {"message": message}}


def test_without_the_deployment_the_way_out_is_named(prefect_server: Server, workspace: Workspace) -> None:
    from prefect import flow

    from tasks.workers_pool import _make_run

    with pytest.raises(MissingPart, match="no deployment backbone-training/not-there") as refused:
        flow(name="test")(_make_run)({"plan": {"label": "compact"}}, "backbone-training/not-there")
    assert "smearflow up" in refused.value.fix


def test_one_that_no_worker_took_is_over_at_once_when_its_run_ends(prefect_server: Server, pool: None) -> None:
    from smearflow.service.prefect_runs import cancel

    found = ask("GET", f"{prefect_server.api_url}/deployments/name/backbone-training/backbone-training")
    late = {"state": {"type": "SCHEDULED", "state_details": {"scheduled_time": "2100-01-01T00:00:00Z"}}}
    api_url = prefect_server.api_url
    run = ask(
        "POST", f"{api_url}/deployments/{found['id']}/create_flow_run", {**late, "enforce_parameter_schema": False}
    )
    cancel(api_url, run["id"])
    assert ask("GET", f"{api_url}/flow_runs/{run['id']}")["state_name"] == "Cancelled"
    cancel(api_url, run["id"])  # one that is over stays as it is
