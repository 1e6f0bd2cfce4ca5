"""Who may judge labels, when they are judged anew, and what a person is told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trained_cells import split_of_cells

from smearflow.data.manifest import as_manifest
from smearflow.errors import TrainingError
from smearflow.evaluation.shortcut import COLUMNS
from smearflow.models.plans import Plan
from smearflow.settings import Augment, Data, Model, Settings, Train
from smearflow.workspace import Workspace, is_whole
from tasks.score_labels import (
    NOBODY,
    cells_to_judge,
    frozen_judges,
    says,
    score_labels,
    score_labels_if_possible,
    whole_judge,
)

COMPACT = Plan("compact", Model(name="compact", input_size=32, weights="random"), None, None)
CONTROL = Plan(
    "MobileNet",
    Model(name="MobileNet", input_size=32, cut="conv_pw_1_relu", weights="random", trainable="head"),
    None,
    None,
)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """120 drawn cells, the infected ones redder, and two copies of one of them under the other label."""
    table = split_of_cells(tmp_path / "cells", images=120)
    rows = pd.read_parquet(table).drop(columns="split")
    draw = np.random.default_rng(0)
    rows = rows.assign(**{name: draw.integers(40, 200, len(rows)) for name in COLUMNS})
    rows["red"] += 100 * (rows["label"] == "Parasitized")
    rows.loc[[0, 1], "cluster"], rows.loc[[0, 1], "reason"] = "a", "label_conflict"
    as_manifest(rows).to_parquet(table)
    return table


def test_every_label_has_a_score_and_a_conflict_of_copies_is_the_worst(manifest: Path, tmp_path: Path) -> None:
    cells, workspace = cells_to_judge(manifest, manifest.parent), Workspace.at(tmp_path / "workspace")
    folder = tmp_path / "found"
    found = score_labels.function(folder, cells, (COMPACT,), "fast", Data(), Augment(), Train(), workspace)
    scores = pd.read_parquet(found.path)
    assert is_whole(folder) and len(scores) == found.images == 120
    assert found.judges == ("statistics",) and found.kind == "fast"  # no backbone is there, and no network is asked
    assert scores["path"].isin(pd.read_parquet(manifest)["path"]).all()
    conflict = scores[scores["copies"].notna()]
    assert len(conflict) == 2 and (conflict["wrong"] >= 0.5).all()
    told = says(found)
    assert "of 120 labels are likely wrong" in told.splitlines()[0]
    assert told.count("\n| ") == 21  # a heading, and the worst 20


def test_labels_are_judged_anew_when_one_changes_and_not_where_they_lie(manifest: Path, tmp_path: Path) -> None:
    before = cells_to_judge(manifest, manifest.parent)
    rows = pd.read_parquet(manifest)
    moved = tmp_path / "moved.parquet"
    rows.assign(path="elsewhere/" + rows["path"], label_source="kept").to_parquet(moved)
    assert cells_to_judge(moved, tmp_path).digest == before.digest
    rows.loc[5, "label"] = "Uninfected" if rows.loc[5, "label"] == "Parasitized" else "Parasitized"
    rows.to_parquet(moved)
    assert cells_to_judge(moved, tmp_path).digest != before.digest


def test_backbones_with_weights_judge_else_a_control_and_the_runs_own_network_beside_them(tmp_path: Path) -> None:
    known = Plan("MobileNet 2", CONTROL.model, tmp_path / "weights.h5", "digest")
    assert frozen_judges([COMPACT, CONTROL, known]) == (known,)
    assert frozen_judges([COMPACT, CONTROL]) == (CONTROL,)
    assert frozen_judges([COMPACT]) == ()
    assert whole_judge([CONTROL, COMPACT], Train()) == COMPACT
    assert whole_judge([CONTROL], Train()).model.name == "compact"


def test_without_a_backbone_fast_scores_are_left_out_and_the_log_says_so(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.stage import Run

    run = Run("run", Settings(), Workspace.at(tmp_path / "workspace"), "a-run")
    assert score_labels_if_possible(run, manifest, manifest.parent, (COMPACT,), Settings()) is None
    assert NOBODY in capsys.readouterr().out


def test_labels_of_one_class_cannot_be_judged(manifest: Path, tmp_path: Path) -> None:
    pd.read_parquet(manifest).query("label == 'Uninfected'").to_parquet(manifest)
    cells, workspace = cells_to_judge(manifest, manifest.parent), Workspace.at(tmp_path / "workspace")
    how = (Data(), Augment(), Train(), workspace)
    with pytest.raises(TrainingError, match="Labels of one class can't be judged"):
        score_labels.function(tmp_path / "found", cells, (CONTROL,), "fast", *how)
