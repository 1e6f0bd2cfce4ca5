"""The figures of a classifier: arrays in, names and values out.

Every function takes ``truth`` (bool (n,), true: the positive class), ``probability`` (float (n,), 0-1, of the positive
class, no NaN) and ``weights`` (float (n,) or (r, n), how often each image counts). Rows of weights are resamples: a
figure is then an array (r,), so that a bootstrap is one product of matrices. An image is called positive where its
probability is at or above the threshold. A figure with nothing to count (sensitivity without positives) is NaN.
"""

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

FIGURES = ("accuracy", "sensitivity", "specificity", "auc")  # those that are shown everywhere, in this order
MORE = ("balanced_accuracy", "precision", "f1", "mcc", "pr_auc", "brier", "ece")
CELLS = ("tp", "fn", "tn", "fp")  # of the confusion matrix
BINS = 10  # of equal width, of the calibration error


def measure(truth: Bools, probability: Floats, threshold: float, weights: Floats) -> dict[str, Floats]:
    """FIGURES and MORE, of shape ``weights.shape[:-1]``: each 0-1, mcc -1 to 1; of brier and ece less is better.

    mcc: Matthews, Biochim. Biophys. Acta 405, 1975. pr_auc: average precision, as scikit-learn has it. brier: mean
    squared error of the probability (Brier 1950). ece: ``expected_calibration_error``.
    """
    tp, fn, tn, fp = confusion(truth, probability, threshold, weights).values()
    sensitivity, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    roc_area, precision_area = areas(truth, probability, weights)
    return {
        "accuracy": _share(tp + tn, tp + fn + tn + fp),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "auc": roc_area,
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "precision": _share(tp, tp + fp),
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "mcc": _share(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "pr_auc": precision_area,
        "brier": _share(weights @ (truth - probability) ** 2, weights.sum(axis=-1)),
        "ece": expected_calibration_error(truth, probability, weights),
    }


def expected_calibration_error(truth: Bools, probability: Floats, weights: Floats) -> Floats:
    """By how much the probability differs from the share of positives, averaged over images in BINS bins, 0-1.

    Naeini, Cooper & Hauskrecht 2015. It is a little above 0 even where calibration is perfect: chance fills the bins.
    """
    surplus = np.zeros((len(truth), BINS))
    surplus[np.arange(len(truth)), bins_of(probability)] = truth - probability
    return _share(np.abs(weights @ surplus).sum(axis=-1), weights.sum(axis=-1))


def bins_of(probability: Floats) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Which of BINS bins of equal width each probability is in, from 0."""
    return np.minimum((probability * BINS).astype(np.intp), BINS - 1)


def confusion(truth: Bools, probability: Floats, threshold: float, weights: Floats) -> dict[str, Floats]:
    """tp, fn, tn and fp: weighted counts of shape ``weights.shape[:-1]``."""
    called = probability >= threshold
    cells = np.stack([truth & called, truth & ~called, ~truth & ~called, ~truth & called], axis=1)
    counts = np.moveaxis(weights @ cells.astype(np.float64), -1, 0)
    return dict(zip(CELLS, counts, strict=True))


def auc(truth: Bools, probability: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve, 0-1: how often a positive image scores above a negative one, ties counting half.

    The Mann-Whitney statistic (Hanley & McNeil, Radiology 143, 1982), over the distinct probabilities.
    """
    return areas(truth, probability, weights)[0]


def areas(truth: Bools, probability: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """``auc``, and the average precision: sum over thresholds of precision times the rise of sensitivity, 0-1."""
    positives, totals = _by_score(truth, probability, np.atleast_2d(weights))
    positives, totals = positives[:, ::-1], totals[:, ::-1]  # from the highest score down
    found, called = np.cumsum(positives, axis=1), np.cumsum(totals, axis=1)
    everyone, all_images = found[:, -1:].sum(axis=1), called[:, -1:].sum(axis=1)
    negatives = all_images - everyone
    # A positive loses to the negatives above it, and half to those that score as it does.
    lost = np.einsum("rk,rk->r", positives, called - found) - np.einsum("rk,rk->r", positives, totals - positives) / 2
    roc_area = _share(everyone * negatives - lost, everyone * negatives)
    np.maximum(called, np.finfo(np.float64).tiny, out=called)
    precision_area = _share(np.einsum("rk,rk->r", positives, np.divide(found, called, out=found)), everyone)
    shape = weights.shape[:-1]
    return roc_area.reshape(shape), precision_area.reshape(shape)


def _by_score(truth: Bools, probability: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Weights (r, k) of positive and of all images at each of the k distinct probabilities, rising."""
    if not len(truth):
        return np.zeros((len(rows), 0)), np.zeros((len(rows), 0))
    order = np.argsort(probability, kind="stable")
    rising = probability[order]
    starts = np.flatnonzero(np.r_[True, rising[1:] != rising[:-1]])
    totals = rows[:, order]
    positives = totals * truth[order]
    if len(starts) < len(rising):
        return np.add.reduceat(positives, starts, axis=1), np.add.reduceat(totals, starts, axis=1)
    return positives, totals


def roc(truth: Bools, probability: Floats) -> tuple[tuple[float, float], ...]:
    """Corners of the ROC curve from (0, 0) to (1, 1): (false positive rate, sensitivity), each 0-1.

    Points on a straight line between their neighbours are left out. Empty where a class has no image.
    """
    positives, totals = (w[0, ::-1] for w in _by_score(truth, probability, np.ones((1, len(truth)))))
    negatives = totals - positives
    if not positives.sum() or not negatives.sum():
        return ()
    hits = np.r_[0, np.cumsum(positives)]
    alarms = np.r_[0, np.cumsum(negatives)]
    turns = np.diff(hits)[1:] * np.diff(alarms)[:-1] != np.diff(hits)[:-1] * np.diff(alarms)[1:]
    corners = np.flatnonzero(np.r_[True, turns, True])
    return tuple(zip((alarms[corners] / alarms[-1]).tolist(), (hits[corners] / hits[-1]).tolist(), strict=True))


def _share(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, NaN where ``whole`` is nothing."""
    share: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return share
