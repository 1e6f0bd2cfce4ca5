"""The shortcut check: statistics alone against unseen patients."""

import numpy as np
import pandas as pd
import pytest

from smearflow.evaluation.shortcut import COLUMNS, NAME, Shortcut, fit, probability, shortcut
from smearflow.settings import Evaluation

EVALUATION = Evaluation(bootstrap=200)


def cells(patients: int = 30, each: int = 20, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A manifest of cells whose statistics say nothing of their label, and their split by patient."""
    draw = np.random.default_rng(seed)
    count = patients * each
    manifest = pd.DataFrame({name: draw.normal(100, 10, count) for name in COLUMNS})
    manifest["path"] = [f"{i}.png" for i in range(count)]
    group = np.arange(count) % patients
    labels = np.where(draw.random(count) < 0.5, "Parasitized", "Uninfected")
    split = np.where(group < 18, "train", np.where(group < 24, "val", "test"))
    paths = manifest["path"]
    divided = pd.DataFrame(
        {"path": paths, "sha256": paths, "label": labels, "group": group.astype(str), "split": split}
    )
    return manifest, divided


def found(manifest: pd.DataFrame, divided: pd.DataFrame) -> Shortcut:
    """The check, with a model that is nearly always right and one that knows nothing."""
    draw = np.random.default_rng(5)
    truth = (divided["label"] == "Parasitized").astype(float)
    good = divided.assign(probability=np.clip(truth * 0.6 + 0.2 + draw.normal(0, 0.12, len(truth)), 0, 1))
    blind = divided.assign(probability=draw.random(len(truth)))
    return shortcut(manifest, divided, {"good": good, "blind": blind}, "Parasitized", EVALUATION)


def test_statistics_that_say_nothing_stay_at_chance_and_are_close_to_no_model() -> None:
    result = found(*cells())
    area = result.scores.test["auc"]
    assert result.scores.name == NAME and area.low < 0.5 < area.high
    assert result.suspects == () and result.warning is None


def test_a_class_that_was_taken_brighter_is_found_and_named() -> None:
    manifest, divided = cells()
    manifest["brightness"] += 25 * (divided["label"] == "Parasitized")
    result = found(manifest, divided)
    assert result.statistic == "brightness" and result.alone > 0.9
    assert result.scores.test["auc"].value > 0.9 and result.scores.groups == 6
    assert result.suspects == ("good", "blind") and result.leads["good"].value < 0.05
    assert str(result.warning).startswith("good, blind do hardly better") and "brightness by itself" in result.warning


def test_a_statistic_that_is_lower_in_the_positive_class_counts_as_much() -> None:
    manifest, divided = cells()
    manifest["sharpness"] -= 25 * (divided["label"] == "Parasitized")
    result = found(manifest, divided)
    assert result.statistic == "sharpness" and result.alone > 0.9


def test_a_little_help_from_statistics_is_not_close_to_a_good_model() -> None:
    manifest, divided = cells()
    manifest["brightness"] += 7 * (divided["label"] == "Parasitized")
    result = found(manifest, divided)
    assert 0.55 < result.scores.test["auc"].value < 0.85
    assert result.suspects == ("blind",) and result.leads["good"].low > 0.05


def test_labels_of_the_test_set_choose_nothing() -> None:
    manifest, divided = cells()
    flipped = divided.copy()
    test = flipped["split"] == "test"
    other = {"Parasitized": "Uninfected", "Uninfected": "Parasitized"}
    flipped.loc[test, "label"] = flipped.loc[test, "label"].map(other)
    before, after = found(manifest, divided), found(manifest, flipped)
    assert before.statistic == after.statistic and before.alone == pytest.approx(1 - after.alone)


def test_columns_that_are_missing_or_all_the_same_are_no_obstacle() -> None:
    manifest, divided = cells()
    manifest["width"] = 128.0
    manifest["glare"] = np.nan
    manifest.loc[5, "brightness"] = np.nan
    assert 0 <= found(manifest, divided).scores.test["auc"].value <= 1


def test_weights_are_those_of_a_known_implementation() -> None:
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(1)
    features = draw.normal(size=(300, 4))
    truth = features @ [2.0, -1.0, 0.0, 0.5] + draw.normal(size=300) > 0.3
    known = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(features, truth)
    assert fit(features, truth) == pytest.approx(np.r_[known.coef_[0], known.intercept_], abs=1e-4)


def test_classes_that_a_statistic_parts_wholly_end_in_finite_weights() -> None:
    features = np.r_[np.full((50, 1), -40.0), np.full((50, 1), 40.0)]
    truth = features[:, 0] > 0
    weights = fit(features, truth)
    assert np.isfinite(weights).all() and ((probability(features, weights) > 0.5) == truth).all()
