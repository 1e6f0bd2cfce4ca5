"""What a model loses in a file for other machines: on the same test images, at the same threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import Interval, bootstrap
from smearflow.evaluation.metrics import Bools, Floats, auc


@dataclass(frozen=True)
class Kept:
    """The figures of one export on the test set, 0-1, each with its patient-bootstrap interval.

    ``lost``: accuracy of the model itself minus that of the export, -1 to 1, paired. ``changed``: images that it
    decides otherwise; ``largest``: the largest difference of a probability.
    """

    accuracy: Interval
    auc: Interval
    lost: Interval
    changed: int
    largest: float


@dataclass(frozen=True)
class Deciding:
    """How probabilities become decisions: ``positive`` from ``threshold`` on, and unsure in ``band`` (low <= p < high)
    if there is one."""

    positive: str
    threshold: float
    band: tuple[float, float] | None = None

    def of(self, probability: Floats) -> Floats:
        """1 for positive, 0 for negative, 0.5 for unsure, (n,)."""
        called = (probability >= self.threshold).astype(np.float64)
        if self.band is None:
            return called
        return np.where((probability >= self.band[0]) & (probability < self.band[1]), 0.5, called)


def kept_by(table: pd.DataFrame, model: str, exports: Sequence[str], how: Deciding, resamples: int) -> dict[str, Kept]:
    """What each of ``exports`` keeps of ``model``, by name, and the model itself.

    ``table``: label, group, and a column of calibrated probabilities for the model and each export, a row a test image.
    """
    names = (model, *exports)
    truth = (table["label"] == how.positive).to_numpy(np.bool_)
    said = {name: table[name].to_numpy(np.float64) for name in names}
    right = np.stack([(said[name] >= how.threshold) == truth for name in names], axis=1).astype(np.float64)

    def figures(weights: Floats) -> dict[str, Floats]:
        accuracy = (weights @ right) / weights.sum(axis=1, keepdims=True)
        found = {f"auc {name}": _auc(truth, said[name], weights) for name in names}
        for at, name in enumerate(names):
            found |= {f"accuracy {name}": accuracy[:, at], f"lost {name}": accuracy[:, 0] - accuracy[:, at]}
        return found

    found = bootstrap(figures, table["group"], resamples)
    return {
        name: Kept(
            accuracy=found[f"accuracy {name}"],
            auc=found[f"auc {name}"],
            lost=found[f"lost {name}"],
            changed=int((how.of(said[name]) != how.of(said[model])).sum()),
            largest=float(np.max(np.abs(said[name] - said[model]), initial=0.0)),
        )
        for name in names
    }


def _auc(truth: Bools, probability: Floats, weights: Floats) -> Floats:
    """NaN where an export says nothing that is a number."""
    return auc(truth, probability, weights) if not np.isnan(probability).any() else np.full(len(weights), np.nan)
