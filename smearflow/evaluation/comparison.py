"""Two models on the same images: by how much one is better, and whether that is more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import Interval, bootstrap
from smearflow.evaluation.metrics import Floats, measure
from smearflow.evaluation.scoring import arrays_of, scored

COMPARED = ("auc", "balanced_accuracy", "accuracy", "sensitivity", "specificity", "pr_auc", "brier")


@dataclass(frozen=True)
class Comparison:
    """A candidate and another model on ``images`` of ``groups`` that both have scored.

    ``difference``: COMPARED, candidate minus other (-1 to 1), each with its paired patient-bootstrap interval;
    ``only_candidate``, ``only_other``: images that one alone calls right; ``chance``: how likely McNemar's exact test
    finds so uneven a pair of counts between equal models, 0-1 (Psychometrika 12, 1947). It counts images as
    independent, so with few patients it is too sure: the intervals decide.
    """

    difference: Mapping[str, Interval]
    only_candidate: int
    only_other: int
    chance: float
    images: int
    groups: int


def compare(
    candidate: pd.DataFrame, other: pd.DataFrame, thresholds: tuple[float, float], positive: str, resamples: int
) -> Comparison:
    """``candidate``: sha256, label, group, split and calibrated probability; ``other``: sha256 and probability.

    What counts is the candidate's test images that both have scored. In each resample both see the same patients, so
    that what is hard about a patient cancels out. ``thresholds``: the candidate's, the other's.
    """
    theirs = other.loc[other["probability"].notna(), ["sha256", "probability"]].drop_duplicates("sha256")
    both = scored(candidate, "test").merge(theirs, on="sha256", suffixes=("", "_other"))
    truth, mine = arrays_of(both, positive)
    its = both["probability_other"].to_numpy(np.float64)

    def difference(weights: Floats) -> dict[str, Floats]:
        one = measure(truth, mine, thresholds[0], weights)
        two = measure(truth, its, thresholds[1], weights)
        return {name: one[name] - two[name] for name in COMPARED}

    right, also = (mine >= thresholds[0]) == truth, (its >= thresholds[1]) == truth
    alone, alone_other = int((right & ~also).sum()), int((also & ~right).sum())
    return Comparison(
        difference=bootstrap(difference, both["group"], resamples),
        only_candidate=alone,
        only_other=alone_other,
        chance=mcnemar(alone, alone_other),
        images=len(both),
        groups=int(both["group"].nunique()),
    )


def mcnemar(one: int, other: int) -> float:
    """The two-sided exact probability of counts as uneven as ``one`` and ``other`` where both are equally likely."""
    from scipy.stats import binomtest

    return float(binomtest(one, one + other).pvalue) if one + other else 1.0
