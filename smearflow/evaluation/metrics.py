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

FIGURES = ("accuracy", "sensitivity", "specificity", "auc")  # in the order in which they are shown
CELLS = ("tp", "fn", "tn", "fp")  # of the confusion matrix


def measure(truth: Bools, probability: Floats, threshold: float, weights: Floats) -> dict[str, Floats]:
    """accuracy, sensitivity, specificity, auc and balanced_accuracy, each 0-1, of shape ``weights.shape[:-1]``."""
    tp, fn, tn, fp = confusion(truth, probability, threshold, weights).values()
    sensitivity, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    return {
        "accuracy": _share(tp + tn, tp + fn + tn + fp),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "auc": auc(truth, probability, weights),
        "balanced_accuracy": (sensitivity + specificity) / 2,
    }


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
    positives, negatives = _by_score(truth, probability, np.atleast_2d(weights))
    below = np.cumsum(negatives, axis=1) - negatives / 2
    area = _share((positives * below).sum(axis=1), positives.sum(axis=1) * negatives.sum(axis=1))
    return area.reshape(weights.shape[:-1])


def _by_score(truth: Bools, probability: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Weights (r, k) of positive and of negative images at each of the k distinct probabilities, rising."""
    if not len(truth):
        return np.zeros((len(rows), 0)), np.zeros((len(rows), 0))
    order = np.argsort(probability, kind="stable")
    rising = probability[order]
    starts = np.flatnonzero(np.r_[True, rising[1:] != rising[:-1]])
    sorted_rows, positive = rows[:, order], truth[order]
    total = np.add.reduceat(sorted_rows, starts, axis=1)
    positives = np.add.reduceat(sorted_rows * positive, starts, axis=1)
    return positives, total - positives


def roc(truth: Bools, probability: Floats) -> tuple[tuple[float, float], ...]:
    """Corners of the ROC curve from (0, 0) to (1, 1): (false positive rate, sensitivity), each 0-1.

    Points on a straight line between their neighbours are left out. Empty where a class has no image.
    """
    positives, negatives = (w[0, ::-1] for w in _by_score(truth, probability, np.ones((1, len(truth)))))
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
