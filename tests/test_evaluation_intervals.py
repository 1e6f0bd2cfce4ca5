"""Intervals: by patient, repeatable, and honest at the edges."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from smearflow.evaluation.intervals import Interval, Statistic, bootstrap, resample, widened
from smearflow.evaluation.metrics import Floats, auc


def mean_of(values: Floats) -> Statistic:
    return lambda weights: {"mean": weights @ values / weights.sum(axis=-1)}


def test_whole_patients_are_drawn() -> None:
    codes = np.array([0, 0, 0, 1, 2, 2, 3, 4, 5])
    weights = resample(codes, 6, 200, np.random.default_rng(0))
    assert weights.shape == (200, 9)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 4] == weights[:, 5]).all()
    assert (weights[:, [0, 3, 4, 6, 7, 8]].sum(axis=1) == 6).all()


def test_cells_that_repeat_their_patient_do_not_narrow_the_interval() -> None:
    patients = np.random.default_rng(1).random(30)
    once = bootstrap(mean_of(patients), pd.Series(range(30)), 1000)["mean"]
    tenfold = bootstrap(mean_of(np.repeat(patients, 10)), pd.Series(np.repeat(range(30), 10)), 1000)["mean"]
    assert tenfold.value == pytest.approx(once.value)
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(2)
    groups = pd.Series(np.repeat(range(40), 5))
    hits = 0
    for _ in range(200):
        values = np.repeat(draw.normal(0, 1, 40), 5) + draw.normal(0, 1, 200)
        found = bootstrap(mean_of(values), groups, 300)["mean"]
        hits += found.low <= 0 <= found.high
    assert 0.90 <= hits / 200 <= 0.98


def test_where_each_image_is_its_own_group_it_is_scipys_percentile_bootstrap() -> None:
    draw = np.random.default_rng(5)
    truth = draw.random(300) < 0.4
    said = np.clip(0.4 * truth + draw.random(300) * 0.8, 0, 1)
    ours = bootstrap(lambda weights: {"auc": auc(truth, said, weights)}, pd.Series(range(300)), 2000)["auc"]

    def area(rows: Floats) -> float:
        return float(roc_auc_score(truth[rows], said[rows]))

    theirs = stats.bootstrap(
        (np.arange(300),), area, n_resamples=800, vectorized=False, method="percentile", rng=0
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_same_input_gives_the_same_interval() -> None:
    values, groups = np.arange(50.0), pd.Series(np.arange(50) % 7)
    assert bootstrap(mean_of(values), groups, 200) == bootstrap(mean_of(values), groups, 200)


def test_resamples_with_one_class_only_are_left_out() -> None:
    truth = np.array([True, *[False] * 9])  # a third of the resamples lack the one positive patient
    scores = np.linspace(0.9, 0.1, 10)
    found = bootstrap(lambda w: {"auc": auc(truth, scores, w)}, pd.Series(range(10)), 500)["auc"]
    assert found == Interval(1.0, 1.0, 1.0)


def test_what_cannot_be_measured_has_no_interval() -> None:
    found = bootstrap(lambda w: {"auc": auc(np.ones(10, bool), np.ones(10), w)}, pd.Series(range(10)), 100)["auc"]
    assert np.isnan([found.value, found.low, found.high]).all()


def test_one_patient_still_gives_an_interval_with_a_width() -> None:
    found = bootstrap(mean_of(np.arange(20.0)), pd.Series(["C1"] * 20), 500)["mean"]
    assert found.low < found.value < found.high


def test_images_without_a_group_are_one_group_not_a_crash() -> None:
    bootstrap(mean_of(np.arange(6.0)), pd.Series(["C1", "C2", "C3", "C4", None, None]), 100)


def test_ten_of_ten_is_not_certainty() -> None:
    found = widened(Interval(1.0, 1.0, 1.0), 10)
    assert (found.value, found.high) == (1.0, 1.0) and found.low == pytest.approx(0.6915, abs=1e-4)
    assert widened(Interval(0.0, 0.0, 0.0), 10).high == pytest.approx(0.3085, abs=1e-4)
    assert widened(Interval(0.9, 0.8, 1.0), 10) == Interval(0.9, 0.8, 1.0)
