"""What is said of one model, and of two on the same images."""

import math

import numpy as np
import pandas as pd
import pytest
from drawn_predictions import predictions
from sklearn import metrics as reference

from smearflow.evaluation.metrics import FIGURES
from smearflow.evaluation.scoring import Scores, calibrated_rows, score
from smearflow.settings import Evaluation

QUICK = Evaluation(bootstrap=200)


def scores_of(table: pd.DataFrame, **changed: pd.Series) -> Scores:
    return score("compact", "d1", table.assign(**changed), "Parasitized", QUICK)


def test_the_figures_are_those_of_the_test_set_alone() -> None:
    table = predictions()
    found = scores_of(table)
    test = calibrated_rows(table, found.calibration)
    test = test[test["split"] == "test"]
    truth = test["label"] == "Parasitized"
    called = test["probability"] >= found.threshold
    assert found.test["accuracy"].value == pytest.approx(reference.accuracy_score(truth, called))
    assert found.test["auc"].value == pytest.approx(reference.roc_auc_score(truth, test["probability"]))
    assert all(f.low < f.value < f.high for f in found.test.values())
    assert sum(found.confusion.values()) == found.images == 400 and found.groups == 10


def test_the_test_set_has_no_say_in_the_threshold() -> None:
    table = predictions()
    turned = table["probability"].where(table["split"] != "test", 1 - table["probability"])
    found = scores_of(table, probability=turned)
    assert found.threshold == scores_of(table).threshold
    assert found.validation_auc == scores_of(table).validation_auc and found.test["auc"].value < 0.5


def test_images_without_a_probability_are_left_out_and_counted() -> None:
    table = predictions()
    lost = table.index[table["split"] == "test"][:7]
    table.loc[lost, "probability"] = np.nan
    found = scores_of(table)
    assert found.unscored == 7 and found.images == 393


def test_a_test_set_of_one_class_leaves_the_rest_unmeasured() -> None:
    table = predictions()
    table.loc[table["split"] == "test", "label"] = "Uninfected"
    found = scores_of(table)
    assert math.isnan(found.test["sensitivity"].value) and math.isnan(found.test["auc"].value)
    assert found.roc == () and found.test["specificity"].low > 0
    assert '"auc": {\n   "value": null' in found.to_json()


def test_a_model_without_an_error_is_not_called_certain() -> None:
    table = predictions()
    found = scores_of(table, probability=(table["label"] == "Parasitized").astype(float))
    for name in (*FIGURES, "precision", "f1", "pr_auc", "patient_accuracy"):
        assert found.test[name].value == found.test[name].high == 1 and 0.95 < found.test[name].low < 1


def test_every_figure_is_scikit_learns() -> None:
    table = predictions()
    found = scores_of(table)
    test = calibrated_rows(table, found.calibration)
    test = test[test["split"] == "test"]
    truth, said = test["label"] == "Parasitized", test["probability"]
    called = said >= found.threshold
    assert found.test["pr_auc"].value == pytest.approx(reference.average_precision_score(truth, said))
    assert found.test["brier"].value == pytest.approx(reference.brier_score_loss(truth, said))
    assert found.test["mcc"].value == pytest.approx(reference.matthews_corrcoef(truth, called))
    assert found.test["f1"].value == pytest.approx(reference.f1_score(truth, called))
    assert found.test["precision"].value == pytest.approx(reference.precision_score(truth, called))
    assert found.test["balanced_accuracy"].value == pytest.approx(reference.balanced_accuracy_score(truth, called))
    by_patient = (truth == called).groupby(test["group"]).mean()
    assert found.test["patient_accuracy"].value == pytest.approx(by_patient.mean())


def test_an_overconfident_model_is_cooled_on_validation_and_judged_so() -> None:
    table = predictions(images=6000, patients=60)
    logit = np.log(table["probability"] / (1 - table["probability"]))
    bold = table.assign(probability=1 / (1 + np.exp(-4 * logit)))
    found = scores_of(bold)
    assert found.calibration.kind != "none" and found.test["ece"].value < 0.08
    assert sum(level.images for level in found.reliability) == found.images
    assert found.test["auc"].value == pytest.approx(scores_of(table).test["auc"].value, abs=2e-3)
