"""Labels that were turned over are found by heads that never saw their patient. A real process, drawn cells."""

from pathlib import Path

import pandas as pd
import pytest
from trained_cells import spec_of, split_of_cells, with_turned_labels

from smearflow.errors import TrainingError
from smearflow.models.spec import DoubtSpec, TrainSpec
from smearflow.models.training import run_module

TURNED = 6
SAID = ["probability", "decided", "doubted", "weight"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 cells; of every training patient's, one bears the wrong label."""
    return with_turned_labels(split_of_cells(tmp_path_factory.mktemp("doubts") / "cells", images=240))


def judged(table: Path, out: Path, *judges: TrainSpec) -> pd.DataFrame:
    out.mkdir()
    told = out / "spec.json"
    spec = DoubtSpec(judges=judges, suspects=0.05, out=out, threads=1)
    told.write_text(spec.model_dump_json())
    run_module("smearflow.models.doubts", told, "labels", 200, print)
    return pd.read_parquet(out / "doubts.parquet")


def test_turned_labels_are_doubted_and_only_training_images_are_judged(table: Path, tmp_path: Path) -> None:
    judge = spec_of(table, tmp_path / "judge", name="MobileNet", cut="conv_pw_1_relu", weights="random")
    scores = judged(table, tmp_path / "out", judge)
    assert list(scores.columns) == ["path", "sha256", "label", "group", *SAID]
    assert set(scores["path"]) == set(pd.read_parquet(table).query("split == 'train'")["path"])
    wrong = scores.drop_duplicates("group")
    assert len(wrong) == TURNED and wrong["doubted"].sum() >= 5
    assert scores["doubted"].sum() <= 7  # 5 % of 144, and only labels that are contradicted
    assert scores["probability"].between(0, 1).all()
    assert wrong["weight"].mean() < 0.5 < 1 < scores.drop(wrong.index)["weight"].mean()


@pytest.mark.soak  # the same networks judge in tests of ways and of scores
def test_a_whole_network_judges_each_half_by_the_other(table: Path, tmp_path: Path) -> None:
    scores = judged(table, tmp_path / "out", spec_of(table, tmp_path / "judge", name="compact"))
    assert scores.drop_duplicates("group")["doubted"].sum() >= 3  # of 6, by 70 cells a network; chance would find none
    assert scores["doubted"].sum() <= 7


def test_weights_that_do_not_fit_are_told_of(table: Path, tmp_path: Path) -> None:
    weights = tmp_path / "other.weights.h5"
    weights.write_bytes(b"none")
    judge = spec_of(table, tmp_path / "judge", weights, name="MobileNet", cut="conv_pw_1_relu", weights=str(weights))
    with pytest.raises(TrainingError, match=r"other.weights.h5 does not fit MobileNet"):
        judged(table, tmp_path / "out", judge)
