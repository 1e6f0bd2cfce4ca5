"""Train as a stage: one backbone fails, the others go on; real trainers on small cells (10 s)."""

import json
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.splitting import Parts, parts_of
from smearflow.errors import TrainingError
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.settings import Model, Settings, Train
from smearflow.workspace import Workspace, is_whole
from tests.trained_cells import SIDE, split_of_cells

COMPACT = Model(name="compact", input_size=SIDE, weights="random", epochs=1)
UNKNOWN = Model(name="MobileNetV9", input_size=SIDE, weights="random")  # its trainer finds out before it imports Keras


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A written split of 60 drawn cells."""
    table = split_of_cells(tmp_path_factory.mktemp("cells"), images=60)
    return parts_of(pd.read_parquet(table), table, table.parent)


@pytest.fixture
def run(tmp_path: Path):
    """A run in a workspace of its own."""
    from tasks.stage import Run

    return Run("run", Settings(train=Train(time_limit=200)), Workspace.at(tmp_path / "workspace"), "a-run")


def test_one_that_fails_is_noted_down_with_its_reason_and_the_others_are_trained(
    prefect_server, run, parts: Parts
) -> None:
    from prefect import flow

    from tasks.train import train_all

    plans = [
        Plan("VGG19", Model(name="VGG19"), None, None, error="VGG19: its weights are nowhere"),
        Plan("MobileNetV9", UNKNOWN, None, None),
        Plan("compact", COMPACT, None, None),
    ]
    models = flow(name="test")(train_all)(run, plans, {plan.label: parts for plan in plans}, run.settings)
    assert list(models) == ["compact"]
    attempts = {attempt.plan.label: attempt for attempt in run.reached["train"]}
    assert attempts["VGG19"].error == "VGG19: its weights are nowhere"
    assert "'MobileNetV9'; did you mean 'MobileNetV2'" in str(attempts["MobileNetV9"].error)
    assert attempts["compact"].trained == models["compact"] and attempts["compact"].error is None
    assert [(stage.name, stage.state) for stage in run.stages] == [("train", "completed")]
    assert_complete(models["compact"], run.workspace)


def assert_complete(model: Trained, workspace: Workspace) -> None:
    """What the stage left is whole, in its final place, and says so itself; nothing is left beside it."""
    assert model.folder.parent == workspace.root / "artifacts" / "train"
    assert is_whole(model.folder)
    assert {"bundle", "predictions.parquet", "curves.json", "result.json"} <= {f.name for f in model.folder.iterdir()}
    assert len(pd.read_parquet(model.folder / "predictions.parquet")) == 60
    assert len(json.loads((model.folder / "curves.json").read_text())) == model.epochs == 1
    assert [f.name for f in model.folder.parent.iterdir()] == [model.folder.name]


def test_without_any_model_the_run_ends_and_every_reason_is_given(run, parts: Parts) -> None:
    from tasks.train import train_all

    plans = [Plan(name, Model(name=name), None, None, error=f"no weights of {name}") for name in ("VGG16", "VGG19")]
    with pytest.raises(TrainingError, match="VGG16: no weights of VGG16\nVGG19: no weights of VGG19"):
        train_all(run, plans, {plan.label: parts for plan in plans}, run.settings)
    assert [attempt.error for attempt in run.reached["train"]] == ["no weights of VGG16", "no weights of VGG19"]
    assert [(stage.name, stage.state) for stage in run.stages] == [("train", "failed")]
