"""Training curves: figures of the validation set after each epoch."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from smearflow.models.curves import measured
from smearflow.models.fitted import Labelled

DRAW = np.random.default_rng(0)
TRUTH = DRAW.random(200) < 0.4
LOGITS = (2 * TRUTH - 1 + DRAW.normal(0, 1, 200)).astype(np.float32)


def test_figures_are_those_of_the_textbook() -> None:
    found = measured(Labelled(LOGITS, TRUTH), LOGITS)
    probability = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))
    assert found["val_loss"] == pytest.approx(reference.log_loss(TRUTH, probability))
    assert found["val_accuracy"] == pytest.approx(reference.accuracy_score(TRUTH, probability >= 0.5))
    assert found["val_auc"] == pytest.approx(reference.roc_auc_score(TRUTH, LOGITS))


def test_a_network_that_is_very_sure_and_wrong_has_a_finite_loss() -> None:
    sure = np.where(TRUTH, -1e4, 1e4).astype(np.float32)
    assert measured(Labelled(sure, TRUTH), sure)["val_loss"] == pytest.approx(1e4)


def test_without_a_second_class_there_is_no_auc() -> None:
    found = measured(Labelled(LOGITS, np.ones(200, bool)), LOGITS)
    assert math.isnan(found["val_auc"])
    assert found["val_accuracy"] == pytest.approx(np.mean(LOGITS >= 0))
