"""Training curves: figures of the validation set after each epoch, printed as they come (2 s: Keras)."""

import math

import keras
import numpy as np
import pytest
from sklearn import metrics as reference

from smearflow.models.curves import curves_on, measured
from smearflow.models.fitted import Labelled
from smearflow.progress import counted

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


def test_an_epoch_is_a_row_and_a_line_that_a_progress_bar_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    features = keras.Input((1,))
    network = keras.Model(features, keras.layers.Dense(1)(features))
    network.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    curves = curves_on(Labelled(LOGITS[:, None], TRUTH), epochs=2)
    network.fit(LOGITS[:, None], TRUTH.astype(np.float32), epochs=2, verbose=0, callbacks=[curves])
    assert [row["epoch"] for row in curves.rows] == [1, 2]
    assert set(curves.rows[0]) == {"epoch", "loss", "val_loss", "val_accuracy", "val_auc"}
    lines = capsys.readouterr().out.splitlines()
    assert [counted(line) for line in lines] == [("epoch", 1, 2), ("epoch", 2, 2)]
    assert lines[1].endswith(f"val_auc {curves.rows[1]['val_auc']:.4f}")
