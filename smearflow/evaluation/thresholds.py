"""The operating threshold: at which probability a cell is called positive. Chosen on validation, never on test."""

import numpy as np

from smearflow.evaluation.metrics import Bools, Floats
from smearflow.settings import Evaluation

MIDDLE = 0.5


def operating_threshold(truth: Bools, probability: Floats, evaluation: Evaluation) -> float:
    """The threshold, 0-1, for ``truth`` (bool (n,)) and ``probability`` (float (n,)) of the validation set.

    Of 0.5 and the thresholds that keep ``evaluation.min_sensitivity``, the one with the best balanced accuracy; of
    equals the one nearest to 0.5. With fewer than ``evaluation.min_positives`` positive images, or no negative, 0.5.
    """
    positives = int(truth.sum())
    if positives < evaluation.min_positives or positives == len(truth):
        return MIDDLE
    thresholds = np.r_[MIDDLE, _between(probability)]
    sensitivity, specificity = _rates(truth, probability, thresholds)
    allowed = sensitivity >= evaluation.min_sensitivity
    allowed[0] = True
    balanced = np.where(allowed, sensitivity + specificity, -np.inf)
    best = thresholds[np.isclose(balanced, balanced.max(), rtol=0, atol=1e-12)]
    return float(best[np.abs(best - MIDDLE).argmin()])


def _between(probability: Floats) -> Floats:
    """Every threshold that decides differently: midway between neighbouring probabilities.

    On a probability itself, the last bit of a float would decide over an image.
    """
    distinct = np.unique(probability)
    return np.asarray((distinct[1:] + distinct[:-1]) / 2)


def _rates(truth: Bools, probability: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Sensitivity and specificity at each of ``thresholds`` (k,)."""
    positives, negatives = np.sort(probability[truth]), np.sort(probability[~truth])
    missed = np.searchsorted(positives, thresholds, side="left")
    cleared = np.searchsorted(negatives, thresholds, side="left")
    return 1 - missed / len(positives), cleared / len(negatives)
