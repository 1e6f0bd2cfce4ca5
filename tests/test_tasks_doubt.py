"""Labels in doubt: who may judge them, what training then reads, and what a person is told."""

from pathlib import Path

import pandas as pd
import pytest
from trained_cells import split_of_cells

from smearflow.data.splitting import Parts, parts_of
from smearflow.models.plans import Plan
from smearflow.settings import Augment, Data, Labels, Model, Settings, Train
from smearflow.workspace import Workspace, file_digest
from tasks.doubt import DOUBTED, NOBODY, doubt, judges_of, says, splits_to_train_on


def plan_of(file: Path | None, **model: object) -> Plan:
    asked = Model.model_validate({"name": "MobileNet", "input_size": 32, "cut": "conv_pw_1_relu", **model})
    return Plan(asked.name, asked, file, file_digest(file) if file else None)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of MobileNet as it draws them: a file like any other."""
    import keras

    path = tmp_path_factory.mktemp("weights") / "drawn.weights.h5"
    keras.applications.MobileNet(input_shape=(32, 32, 3), include_top=False, weights=None).save_weights(path)
    return path


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    table = split_of_cells(tmp_path / "cells", images=120)
    return parts_of(pd.read_parquet(table), table, table.parent)


COMPACT = Plan("compact", Model(name="compact", input_size=32, weights="random"), None, None)


def test_frozen_backbones_with_weights_judge_and_where_there_are_none_a_network_does(weights: Path) -> None:
    known, drawn = plan_of(weights), plan_of(None, weights="random")
    assert judges_of([COMPACT, known, drawn]) == (known,)
    assert judges_of([COMPACT, drawn]) == judges_of([COMPACT, COMPACT]) == (COMPACT,)
    assert judges_of([plan_of(weights, cut="auto"), plan_of(weights, input_size="auto")]) == ()


def test_training_reads_a_split_without_them_and_the_other_sets_are_whole(
    parts: Parts, weights: Path, tmp_path: Path
) -> None:
    how, workspace = Labels(robust="drop_suspects", suspects=0.2), Workspace.at(tmp_path / "workspace")
    judge = plan_of(weights, weights=str(weights))
    found = doubt.function(tmp_path / "found", parts, (judge,), Data(), Augment(), Train(), how, workspace)
    before, after = pd.read_parquet(parts.path), pd.read_parquet(found.parts.path)
    left_out = after[after["split"] == DOUBTED]
    assert found.parts.train == parts.train - len(left_out)
    assert (found.parts.val, found.parts.test) == (parts.val, parts.test)
    assert (before.loc[left_out.index, "split"] == "train").all()
    assert found.left_out == left_out["label"].value_counts().reindex(Data().classes, fill_value=0).to_dict()
    assert found.judges == ("MobileNet",)
    assert found.parts.digest != parts.digest or left_out.empty
    told = says(found)
    assert told.startswith(f"# {len(left_out)} training images are left out: their labels are in doubt")
    assert "MobileNet, fitted on other patients, speaks against them most." in told


def test_whole_networks_do_without_them_and_heads_keep_them(
    prefect_server, parts: Parts, weights: Path, tmp_path: Path
) -> None:
    from prefect import flow

    from tasks.stage import Run

    settings = Settings(labels=Labels(robust="drop_suspects", suspects=0.2))
    run = Run("run", settings, Workspace.at(tmp_path / "workspace"), "a-run")
    plans = (plan_of(weights, weights=str(weights)), COMPACT)
    splits = flow(name="test")(splits_to_train_on)(run, plans, parts, settings)
    assert splits["MobileNet"] == parts
    assert splits["compact"] == run.reached["doubt"].parts
    assert [stage.name for stage in run.stages] == ["doubt"]


def test_without_anybody_to_judge_all_is_trained_on_and_the_log_says_why(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.stage import Run

    settings = Settings(labels=Labels(robust="drop_suspects"))
    run = Run("run", settings, Workspace.at(tmp_path / "workspace"), "a-run")
    plans = (plan_of(None, weights="random"),)
    assert splits_to_train_on(run, plans, parts, settings) == {"MobileNet": parts}
    assert NOBODY in capsys.readouterr().out
