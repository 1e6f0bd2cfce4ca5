"""The settings of fitting, as Keras takes them."""

import keras
import numpy as np
import pytest

from smearflow.models.fitted import Labelled
from smearflow.models.recipe import SMOOTHER, class_weights, in_spite, loss_of, rate_of, weights_of
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


def test_the_generalised_loss_minds_little_what_is_wrong_for_sure_and_stays_finite() -> None:
    plain, general = (loss_of(Train(loss=name, label_smoothing=0)) for name in ("binary_crossentropy", GENERALISED))
    truth, wrong, surely = keras.ops.ones((1, 1)), keras.ops.full((1, 1), -3.0), keras.ops.full((1, 1), -900.0)
    p = 1 / (1 + np.exp(3))
    assert float(general(truth, wrong)[0]) == pytest.approx((1 - p**0.7) / 0.7, rel=1e-4)
    assert float(general(truth, surely)[0]) == pytest.approx(1 / 0.7) and float(plain(truth, surely)) > 100
    smooth = loss_of(Train(loss=GENERALISED, label_smoothing=0.2))
    mixed = 0.9 * general(truth, wrong) + 0.1 * general(1 - truth, wrong)
    assert float(smooth(truth, wrong)[0]) == pytest.approx(float(mixed[0]))


def test_ways_to_learn_in_spite_of_wrong_labels_that_are_recipes() -> None:
    assert in_spite(Train(), "smoothing").label_smoothing == SMOOTHER
    assert in_spite(Train(label_smoothing=0.3), "smoothing").label_smoothing == 0.3
    assert in_spite(Train(), "generalised_ce").loss == GENERALISED
    assert in_spite(Train(), "drop_suspects") == in_spite(Train(), "none") == Train()


def test_an_image_weighs_by_its_class_and_by_itself() -> None:
    images = Labelled(np.zeros((4, 1)), FEW, np.array([1, 2, 0, 1]))
    balanced = weights_of(images, Train(class_weights="balanced"))
    assert balanced is not None and balanced.tolist() == pytest.approx([2, 4 / 3, 0, 2 / 3])
    assert weights_of(images, Train()) is images.weight
    assert weights_of(Labelled(images.inputs, FEW), Train()) is None


FOCAL, GENERALISED = "binary_focal_crossentropy", "generalised_crossentropy"
