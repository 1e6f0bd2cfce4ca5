"""Abstention: a model that may say `unsure` is wrong less often about the rest.

Cells whose calibrated probability lies nearest to the threshold, in log odds, are those that it knows least about
(El-Yaniv & Wiener, J. Machine Learning Research 11, 2010: risk against coverage).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import Interval, bootstrap, widened
from smearflow.evaluation.metrics import Bools, Floats
from smearflow.registry.serving import LEAST

POINTS = 200  # of a curve, about
EQUAL = 1e-9  # log odds that differ by less are the same

Band = tuple[float, float]


@dataclass(frozen=True)
class Abstention:
    """What a band does on the test set.

    ``share``: of images that are unsure; ``outside``, ``inside``: share of wrong answers among the sure and the unsure
    ones; ``everywhere``: among all. Each 0-1 with its interval, NaN where there is no such image. ``curve``: (coverage,
    error), each 0-1: the share that is answered, the surest first, and how much of it is wrong.
    """

    band: Band
    unsure: int
    images: int
    share: Interval
    outside: Interval
    inside: Interval
    everywhere: Interval
    curve: tuple[tuple[float, float], ...]


def band_of(probability: Floats, threshold: float, share: float) -> Band | None:
    """The calibrated probabilities ``low <= p < high`` around ``threshold`` that are unsure.

    ``probability`` (n,), 0-1, no NaN: of the validation images; the band holds the ``share`` (0-1) of them that lie
    nearest to the threshold in log odds, rounded down, and fewer where many lie equally near. None where that is none.
    """
    distance = np.sort(_distance(probability, threshold))
    wanted = int(share * len(distance) + 1e-9)
    if not wanted or wanted == len(distance):
        return None
    held = int(np.searchsorted(distance, distance[wanted] - EQUAL))  # all that lie nearer than the first one outside
    if not held:
        return None
    middle, reach = _log_odds(np.array([threshold])), (distance[held - 1] + distance[wanted]) / 2
    low, high = (float(1 / (1 + np.exp(-end))) for end in (middle[0] - reach, middle[0] + reach))
    return low, high


def abstention(test: pd.DataFrame, positive: str, threshold: float, band: Band, resamples: int) -> Abstention:
    """What ``band`` does on ``test``: label, group and calibrated probability (0-1, of ``positive``), a row an image.

    Rows without a probability are left out. Intervals by patient bootstrap.
    """
    rows = test[test["probability"].notna()]
    probability = rows["probability"].to_numpy(np.float64)
    truth = (rows["label"] == positive).to_numpy(bool)
    unsure, wrong = (probability >= band[0]) & (probability < band[1]), truth != (probability >= threshold)
    columns = np.stack([unsure, unsure & wrong, ~unsure, ~unsure & wrong], axis=1).astype(np.float64)

    def shares(weights: Floats) -> dict[str, Floats]:
        inside, bad, outside, worse = (weights @ columns).T
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "share": inside / (inside + outside),
                "outside": worse / outside,
                "inside": bad / inside,
                "everywhere": (bad + worse) / (inside + outside),
            }

    counts = {"share": len(rows), "outside": int((~unsure).sum()), "inside": int(unsure.sum()), "everywhere": len(rows)}
    found = bootstrap(shares, rows["group"], resamples)
    return Abstention(
        band=band,
        unsure=int(unsure.sum()),
        images=len(rows),
        curve=risk_coverage(truth, probability, threshold),
        **{name: widened(interval, counts[name]) for name, interval in found.items()},
    )


def risk_coverage(truth: Bools, probability: Floats, threshold: float) -> tuple[tuple[float, float], ...]:
    """(coverage, error), each 0-1, rising in coverage to 1: answering only the surest, how much of it is wrong.

    ``truth`` and ``probability`` (n,). Images that are equally sure come together. About POINTS points are kept.
    """
    if not len(truth):
        return ()
    distance = _distance(probability, threshold)
    order = np.argsort(-distance, kind="stable")
    wrong = np.cumsum((truth != (probability >= threshold))[order])
    falling = distance[order]
    last = np.flatnonzero(np.r_[falling[1:] != falling[:-1], True])
    answered = last + 1
    kept = np.unique(np.searchsorted(answered, np.linspace(answered[0], len(truth), POINTS)))
    coverage, error = answered[kept] / len(truth), wrong[last[kept]] / answered[kept]
    return tuple(zip(coverage.tolist(), error.tolist(), strict=True))


def _distance(probability: Floats, threshold: float) -> Floats:
    """How far probabilities (n,) lie from the threshold, in log odds, 0 and up."""
    return np.asarray(np.abs(_log_odds(probability) - _log_odds(np.array([threshold]))))


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, LEAST, 1 - LEAST)
    return np.asarray(np.log(inside) - np.log1p(-inside))
