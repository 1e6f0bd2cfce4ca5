"""Evaluate as a stage: figures and mistakes of every model, from what the trainers left."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_models import left_by_trainer
from drawn_predictions import predictions

from smearflow.data.manifest import STATISTICS, as_manifest
from smearflow.data.splitting import parts_of
from smearflow.models.spec import Trained
from smearflow.settings import Evaluation
from smearflow.workspace import is_whole
from tasks.evaluate import Evaluated, evaluate, says

HOW = Evaluation(bootstrap=100, mistakes=5)


def evaluated_by(tmp_path: Path, models: dict[str, Trained], table: pd.DataFrame) -> Evaluated:
    """What evaluation makes of ``models``, whose images have statistics that say nothing."""
    draw = np.random.default_rng(0)
    statistics = {column.name: draw.normal(100, 10, len(table)) for column in STATISTICS}
    sizes = {"width": 100, "height": 120}
    as_manifest(table.assign(**statistics, **sizes)).to_parquet(tmp_path / "manifest.parquet")
    table.to_parquet(tmp_path / "split.parquet")
    parts = parts_of(table, tmp_path / "split.parquet", tmp_path)
    manifest = tmp_path / "manifest.parquet"
    return evaluate.function(tmp_path / "evaluated", models, manifest, parts, "Parasitized", HOW)


@pytest.fixture
def evaluated(tmp_path: Path) -> Evaluated:
    """Two models of one network, as `models: [MobileNetV2, MobileNetV2]` gives them; the second is better."""
    models = {
        label: left_by_trainer(tmp_path / label, "MobileNetV2", predictions(skill=skill), weights_digest=label)
        for label, skill in (("MobileNetV2", 1.0), ("MobileNetV2 2", 3.0))
    }
    return evaluated_by(tmp_path, models, predictions())


def test_models_are_told_apart_by_their_label(evaluated: Evaluated) -> None:
    first, second = (evaluated.by_name[name] for name in ("MobileNetV2", "MobileNetV2 2"))
    assert (first.weights_digest, second.weights_digest) == ("MobileNetV2", "MobileNetV2 2")
    assert first.test["auc"].value < second.test["auc"].value
    assert first.images == second.images == 400


def test_the_best_on_validation_is_the_candidate(evaluated: Evaluated) -> None:
    assert evaluated.candidate == evaluated.judged.name == "MobileNetV2 2"


def test_a_control_is_a_candidate_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    models = {
        name: left_by_trainer(tmp_path / name, name, predictions(skill=skill), control=control)
        for name, skill, control in (("compact", 1.0, False), ("MobileNetV2", 3.0, True))
    }
    assert evaluated_by(tmp_path, models, predictions()).candidate == "compact"
    assert evaluated_by(tmp_path, {"MobileNetV2": models["MobileNetV2"]}, predictions()).candidate == "MobileNetV2"


def test_the_candidate_is_measured_in_parts_and_where_it_is_unsure(evaluated: Evaluated) -> None:
    assert {part.kind for part in evaluated.slices} >= {"patient", "brightness"}
    assert evaluated.abstention is not None and evaluated.abstention.band == evaluated.judged.band
    assert evaluated.abstention.outside.value <= evaluated.abstention.everywhere.value


def test_calibrated_predictions_are_kept_for_later_stages(evaluated: Evaluated) -> None:
    said = pd.read_parquet(evaluated.predictions("MobileNetV2"))
    assert list(said) == [*predictions(), "label_given", "label_source"]
    assert said["probability"].between(0, 1).all()


def test_the_surest_mistakes_are_kept_and_only_of_the_test_set(evaluated: Evaluated) -> None:
    mistakes = evaluated.mistakes("MobileNetV2")
    assert len(mistakes) == HOW.mistakes
    assert set(mistakes["split"]) == {"test"}
    assert mistakes["confidence"].is_monotonic_decreasing
    threshold = evaluated.by_name["MobileNetV2"].threshold
    assert ((mistakes["probability"] >= threshold) == (mistakes["kind"] == "false_alarm")).all()


def test_the_figures_can_be_read_without_python(evaluated: Evaluated) -> None:
    assert evaluated.shortcut is not None
    scores = json.loads((evaluated.folder / "scores.json").read_text())
    assert [each["name"] for each in scores] == ["MobileNetV2", "MobileNetV2 2", evaluated.shortcut.scores.name]
    assert scores[0]["test"]["auc"]["value"] == evaluated.scores[0].test["auc"].value
    assert is_whole(evaluated.folder)


def test_what_was_not_measured_is_null_in_json(tmp_path: Path) -> None:
    table = predictions()
    table.loc[(table["split"] == "test") & (table["label"] == "Parasitized"), "probability"] = np.nan
    model = left_by_trainer(tmp_path / "compact", "compact", table)
    evaluated = evaluated_by(tmp_path, {"compact": model}, table)
    scores, _ = json.loads((evaluated.folder / "scores.json").read_text())
    assert scores["test"]["sensitivity"] == {"value": None, "low": None, "high": None}
    assert scores["unscored"] > 0


def test_the_page_has_a_row_a_model_with_intervals(evaluated: Evaluated) -> None:
    told = says(evaluated)
    assert told.startswith("# Measured on 400 images of 10 groups, none of them trained on\n")
    assert (
        "| model | accuracy | sensitivity | specificity | auc | threshold | AUC on validation | calibrated by |" in told
    )
    auc = evaluated.by_name["MobileNetV2 2"].test["auc"]
    assert f"| {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}) |" in told
    heading, ruler, *rows = [line for line in told.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in (heading, ruler, *rows)} == {9}
    assert len(rows) == 3  # statistics alone come last


def test_patients_that_were_trained_on_too_are_in_the_first_line(tmp_path: Path) -> None:
    table = predictions()
    table["split"] = np.resize(["train", "val", "test", "train"], len(table))  # by image
    model = left_by_trainer(tmp_path / "compact", "compact", table)
    evaluated = evaluated_by(tmp_path, {"compact": model}, table)
    assert says(evaluated).startswith("# Measured on 300 images of 15 groups, 15 of which were trained on too\n")
