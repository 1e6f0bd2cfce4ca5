"""The figures of a classifier, against scikit-learn and against what can be counted by hand."""

import numpy as np
import pytest
from sklearn import metrics as reference

from smearflow.evaluation.metrics import auc, bins_of, confusion, expected_calibration_error, measure, roc

TRUTH = np.array([True, True, True, False, False])
SCORES = np.array([0.9, 0.6, 0.2, 0.6, 0.1])
ONCE = np.ones(5)


def test_counted_by_hand() -> None:
    assert confusion(TRUTH, SCORES, 0.6, ONCE) == {"tp": 2, "fn": 1, "tn": 1, "fp": 1}
    figures = measure(TRUTH, SCORES, 0.6, ONCE)
    assert figures["accuracy"] == 3 / 5 and figures["sensitivity"] == 2 / 3 and figures["specificity"] == 1 / 2
    assert figures["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert figures["auc"] == 4.5 / 6  # of the pairs (0.9, 0.6, 0.2) x (0.6, 0.1) four won, one tied


@pytest.mark.parametrize("levels", [2, 7, 10_000], ids=["two scores", "many ties", "hardly a tie"])
def test_auc_and_curve_agree_with_scikit_learn(levels: int) -> None:
    draw = np.random.default_rng(levels)
    truth = draw.random(500) < 0.3
    scores = np.round(draw.random(500) * 0.7 + 0.3 * truth, 6) * levels // 1 / levels
    assert auc(truth, scores, np.ones(500)) == pytest.approx(reference.roc_auc_score(truth, scores), abs=1e-12)
    fpr, tpr, _ = reference.roc_curve(truth, scores)
    corners = roc(truth, scores)
    assert set(corners) <= set(zip(fpr, tpr, strict=True))
    assert reference.auc(*zip(*corners, strict=True)) == pytest.approx(reference.auc(fpr, tpr), abs=1e-12)


def test_a_row_of_weights_is_a_resample() -> None:
    draw = np.random.default_rng(3)
    weights = draw.integers(0, 4, (20, 5)).astype(float)
    weights[:, [0, 4]] += 1  # both classes in each
    figures = measure(TRUTH, SCORES, 0.5, weights)
    for row, times in enumerate(weights.astype(int)):
        truth, scores = np.repeat(TRUTH, times), np.repeat(SCORES, times)
        assert figures["accuracy"][row] == pytest.approx(reference.accuracy_score(truth, scores >= 0.5))
        assert figures["sensitivity"][row] == pytest.approx(reference.recall_score(truth, scores >= 0.5))
        assert figures["auc"][row] == pytest.approx(reference.roc_auc_score(truth, scores))
        assert figures["pr_auc"][row] == pytest.approx(reference.average_precision_score(truth, scores))
        assert figures["brier"][row] == pytest.approx(reference.brier_score_loss(truth, scores))
        assert figures["mcc"][row] == pytest.approx(reference.matthews_corrcoef(truth, scores >= 0.5))


def test_the_calibration_error_is_the_mean_distance_of_the_bins() -> None:
    truth = np.array([True, True, False, False])
    probability = np.array([0.95, 0.91, 0.05, 0.31])
    by_hand = (abs((1 - 0.95) + (1 - 0.91)) + 0.05 + 0.31) / 4
    assert expected_calibration_error(truth, probability, np.ones(4)) == pytest.approx(by_hand)
    assert list(bins_of(np.array([0.0, 0.099, 0.1, 1.0]))) == [0, 0, 1, 9]


def test_what_has_nothing_to_count_is_nan() -> None:
    figures = measure(np.zeros(5, bool), SCORES, 0.5, ONCE)
    assert np.isnan([figures["sensitivity"], figures["auc"], figures["balanced_accuracy"]]).all()
    assert figures["specificity"] == 2 / 5
    assert roc(np.zeros(5, bool), SCORES) == ()


def test_no_image_at_all_is_nan_and_no_crash() -> None:
    figures = measure(np.zeros(0, bool), np.zeros(0), 0.5, np.zeros(0))
    assert np.isnan(list(figures.values())).all()


def test_a_perfect_reader_turns_one_corner() -> None:
    assert roc(TRUTH, TRUTH.astype(float)) == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
