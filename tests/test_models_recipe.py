"""The settings of fitting, as Keras takes them."""

import keras
import numpy as np
import pytest

from smearflow.models.recipe import class_weights, loss_of, rate_of
from smearflow.settings import Train

FEW = np.array([True, False, False, False])  # one infected cell among four


def test_balanced_classes_weigh_the_same_and_an_image_one_on_average() -> None:
    negative, positive = class_weights(FEW, Train(class_weights="balanced")) or (0.0, 0.0)
    assert (negative * 3, positive * 1) == (2.0, 2.0)
    assert class_weights(FEW, Train()) is None


def test_a_class_that_is_missing_divides_by_nothing() -> None:
    assert class_weights(~FEW[1:] & False, Train(class_weights="balanced")) == (0.5, 1.5)


def test_a_rate_falls_to_nothing_or_stays() -> None:
    falling = rate_of(Train(learning_rate=0.5), steps=10)
    assert [float(falling(step)) for step in (0, 5, 10)] == pytest.approx([0.5, 0.25, 0.0], abs=1e-6)
    assert rate_of(Train(learning_rate=0.5, schedule="constant"), steps=10) == 0.5


def test_the_focal_loss_hardly_counts_what_is_clear_already() -> None:
    plain, focal = (loss_of(Train(loss=name, label_smoothing=0)) for name in ("binary_crossentropy", FOCAL))
    truth, clear, wrong = keras.ops.ones((1, 1)), keras.ops.full((1, 1), 3.0), keras.ops.full((1, 1), -3.0)
    assert float(focal(truth, clear)) < 0.01 * float(plain(truth, clear))
    assert float(focal(truth, wrong)) > 0.9 * float(plain(truth, wrong))


FOCAL = "binary_focal_crossentropy"
