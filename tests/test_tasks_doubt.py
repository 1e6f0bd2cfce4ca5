"""Labels in doubt: who may judge them, what comes of it, and what a person is told."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_networks import drawn_weights
from trained_cells import split_of_cells, with_turned_labels

from smearflow.data.decisions import Decision, append, now
from smearflow.data.overlay import Reviewed
from smearflow.data.splitting import Parts, parts_of
from smearflow.models.plans import Plan
from smearflow.settings import Augment, Data, Model, Train
from smearflow.workspace import Workspace, file_digest
from tasks.doubt import DOUBTED, Doubted, doubt, judges_of, says
from tasks.read_labels import read_labels


def plan_of(file: Path | None, **model: object) -> Plan:
    asked = Model.model_validate({"name": "MobileNet", "input_size": 32, "cut": "conv_pw_1_relu", **model})
    return Plan(asked.name, asked, file, file_digest(file) if file else None)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    table = with_turned_labels(split_of_cells(tmp_path / "cells", images=120))
    return parts_of(pd.read_parquet(table), table, table.parent)


COMPACT = Plan("compact", Model(name="compact", input_size=32, weights="random"), None, None)


def test_frozen_backbones_with_weights_judge_and_where_there_are_none_a_network_does(weights: Path) -> None:
    known, drawn = plan_of(weights), plan_of(None, weights="random")
    assert judges_of([COMPACT, known, drawn]) == (known,)
    assert judges_of([COMPACT, drawn]) == judges_of([COMPACT, COMPACT]) == (COMPACT,)
    assert judges_of([plan_of(weights, cut="auto"), plan_of(weights, input_size="auto")]) == ()


@pytest.fixture
def nobody(tmp_path: Path) -> Reviewed:
    """Nobody has decided anything."""
    return read_labels.function(tmp_path, Workspace.at(tmp_path / "workspace"))


def doubted(parts: Parts, weights: Path, folder: Path, reviewed: Reviewed) -> Doubted:
    """A fifth of the labels in doubt, judged by MobileNet."""
    how = (0.2, Data(), Augment(), Train(), Workspace.at(folder.parent / "workspace"))
    return doubt.function(folder, parts, (plan_of(weights, weights=str(weights)),), reviewed, *how)


def test_two_splits_come_of_it_one_without_them_and_one_with_weights(
    parts: Parts, weights: Path, tmp_path: Path, nobody: Reviewed
) -> None:
    found = doubted(parts, weights, tmp_path / "found", nobody)
    before, after = pd.read_parquet(parts.path), pd.read_parquet(found.parts.path)
    left_out = after[after["split"] == DOUBTED]
    assert len(left_out) > 0
    assert found.parts.train == parts.train - len(left_out)
    assert (found.parts.val, found.parts.test) == (parts.val, parts.test)
    assert (before.loc[left_out.index, "split"] == "train").all()
    assert found.counts == left_out["label"].value_counts().reindex(Data().classes, fill_value=0).to_dict()
    assert found.judges == ("MobileNet",)
    weighed = pd.read_parquet(found.weighed.path)
    training = weighed["split"] == "train"
    assert weighed.drop(columns="weight").equals(before)
    assert weighed.loc[training, "weight"].mean() == pytest.approx(1, abs=1e-3)
    assert weighed.loc[left_out.index, "weight"].max() < 1 == weighed.loc[~training, "weight"].min()
    assert len({parts.digest, found.parts.digest, found.weighed.digest}) == 3
    told = says(found)
    assert told.startswith(f"# {len(left_out)} training labels are in doubt")
    assert "MobileNet, fitted on other patients, speaks against them most." in told


def test_what_people_decided_is_never_doubted(parts: Parts, weights: Path, tmp_path: Path, nobody: Reviewed) -> None:
    found = doubted(parts, weights, tmp_path / "found", nobody)
    scores = pd.read_parquet(found.scores)
    kept = scores[scores["doubted"]].iloc[0]
    workspace = Workspace.at(tmp_path / "workspace")
    append(workspace.labels, [Decision(kept["path"], None, kept["label"], kept["label"], "anna", now())])
    reviewed = read_labels.function(tmp_path, workspace)
    again = pd.read_parquet(doubted(parts, weights, tmp_path / "again", reviewed).scores).set_index("path")
    assert again["decided"].sum() == 1
    assert not again.loc[kept["path"], "doubted"]
    assert again.loc[kept["path"], "weight"] == again["weight"].max()
