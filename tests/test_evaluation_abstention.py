"""Abstention: which cells a model may leave open, and what that is worth."""

import math

import numpy as np
import pandas as pd
import pytest
from drawn_predictions import predictions

from smearflow.evaluation.abstention import abstention, band_of, risk_coverage

POSITIVE = "Parasitized"


def of_split(name: str) -> pd.DataFrame:
    table = predictions()
    return table[table["split"] == name]


def test_the_band_holds_the_cells_nearest_to_the_threshold_in_log_odds() -> None:
    probability = of_split("val")["probability"].to_numpy()
    band = band_of(probability, 0.3, 0.05)
    assert band is not None
    low, high = band
    inside = (probability >= low) & (probability < high)
    assert inside.sum() == 20 and low < 0.3 < high
    odds = [math.log(p / (1 - p)) for p in (low, 0.3, high)]
    assert odds[1] - odds[0] == pytest.approx(odds[2] - odds[1])


@pytest.mark.parametrize("share", [0.0, 0.002])
def test_no_share_or_one_of_no_cell_is_no_band(share: float) -> None:
    assert band_of(of_split("val")["probability"].to_numpy(), 0.5, share) is None


def test_cells_that_lie_equally_near_are_in_together_or_not_at_all() -> None:
    probability = np.array([0.45] * 10 + [0.55] * 10 + [0.2] * 40 + [0.9] * 40)
    assert band_of(probability, 0.5, 0.1) is None
    low, high = band_of(probability, 0.5, 0.3) or (0, 0)
    assert ((probability >= low) & (probability < high)).sum() == 20
    assert band_of(np.array([]), 0.5, 0.5) is None


def test_a_model_is_wrong_less_often_outside_its_band() -> None:
    band = band_of(of_split("val")["probability"].to_numpy(), 0.5, 0.1)
    assert band is not None
    found = abstention(of_split("test"), POSITIVE, 0.5, band, 500)
    assert found.images == 400 and found.share.value == found.unsure / 400
    assert found.outside.value < found.everywhere.value < found.inside.value
    assert found.outside.low < found.outside.value < found.outside.high
    wrong = found.outside.value * (400 - found.unsure) + found.inside.value * found.unsure
    assert wrong / 400 == pytest.approx(found.everywhere.value)


def test_a_band_that_no_test_cell_is_in_has_no_error_inside() -> None:
    found = abstention(of_split("test"), POSITIVE, 0.5, (0.5, 0.5), 100)
    assert found.unsure == 0 and math.isnan(found.inside.value)
    assert found.outside == found.everywhere


def test_the_curve_ends_with_all_answered_and_the_surest_are_the_most_right() -> None:
    test = of_split("test")
    truth, probability = (test["label"] == POSITIVE).to_numpy(), test["probability"].to_numpy()
    curve = risk_coverage(truth, probability, 0.5)
    coverage, error = np.array(curve).T
    assert len(curve) <= 201 and (np.diff(coverage) > 0).all() and coverage[-1] == 1
    assert error[-1] == pytest.approx((truth != (probability >= 0.5)).mean())
    assert error[coverage < 0.5].mean() < error[-1]


def test_a_model_that_knows_nothing_has_a_curve_of_one_point() -> None:
    truth = np.array([True, False, False, False])
    assert risk_coverage(truth, np.full(4, 0.5), 0.5) == ((1.0, 0.75),)
    assert risk_coverage(truth[:0], np.array([]), 0.5) == ()
