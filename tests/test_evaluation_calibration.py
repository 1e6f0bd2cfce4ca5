"""Calibration: probabilities that say how often they are right, learnt on validation and nothing else."""

import numpy as np
import pandas as pd
import pytest

from smearflow.evaluation.calibration import NONE, Calibration, calibration_of, fit_calibration


def drawn(temperature: float, images: int = 4000, seed: int = 0):
    """Truth, a probability that is overconfident by ``temperature``, and 40 groups."""
    draw = np.random.default_rng(seed)
    logit = draw.normal(0, 2, images)
    truth = draw.random(images) < 1 / (1 + np.exp(-logit))
    return truth, 1 / (1 + np.exp(-temperature * logit)), pd.Series(np.arange(images) % 40)


def error(truth, probability) -> float:
    """Expected calibration error over tenths, with scikit-learn's curve."""
    from sklearn.calibration import calibration_curve

    share, mean = calibration_curve(truth, probability, n_bins=10)
    return float(np.abs(share - mean).mean())


def test_an_overconfident_network_is_cooled_by_the_temperature_that_heated_it():
    truth, probability, groups = drawn(temperature=3)
    found = fit_calibration(truth, probability, groups)
    assert found.kind == "temperature"
    assert found.temperature == pytest.approx(3, rel=0.1)
    unseen, said, _ = drawn(temperature=3, seed=1)
    assert error(unseen, found.of(said)) < 0.04 < error(unseen, said)


def test_what_no_temperature_can_bend_gets_a_curve_that_keeps_the_order():
    truth, probability, groups = drawn(temperature=1)
    shifted = probability**4
    found = fit_calibration(truth, shifted, groups)
    assert found.kind == "isotonic"
    unseen, said, _ = drawn(temperature=1, seed=1)
    calibrated = found.of(said**4)
    assert error(unseen, calibrated) < 0.04 < error(unseen, said**4)
    assert (np.diff(calibrated[np.argsort(said)]) >= 0).all()


def test_a_calibrated_network_is_left_as_it_is():
    assert fit_calibration(*drawn(temperature=1)) == NONE


def test_too_little_validation_teaches_nothing():
    truth, probability, groups = drawn(temperature=3)
    assert fit_calibration(truth[:30], probability[:30], groups[:30]) == NONE
    assert fit_calibration(truth, probability, groups % 4) == NONE
    assert fit_calibration(np.ones(4000, bool), probability, groups) == NONE


@pytest.mark.parametrize(
    "made", [NONE, Calibration("temperature", 2.0), Calibration("isotonic", x=(0.0, 0.5, 1.0), y=(0.1, 0.4, 0.9))]
)
def test_it_comes_back_from_model_json_and_leaves_unreadable_images_alone(made):
    assert calibration_of(made.facts()) == made
    said = made.of(np.array([0.0, 0.5, 1.0, np.nan]))
    assert np.isnan(said[3]) and (said[:3] >= 0).all() and (said[:3] <= 1).all()
