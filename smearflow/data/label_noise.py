"""What share of all labels is wrong, as judges see it who know nothing of each other.

The label is one more opinion among theirs. From how often each two agree follow the errors of all, if they err
independently (Dawid & Skene, Appl. Statist. 28, 1979; Hui & Walter, Biometrics 36, 1980). They don't quite: what is
hard for one is hard for another, and the share tends to be a little low. A review's blind cells have no such fault.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]

RESAMPLES = 400  # of patients
SEED = 1337
ROUNDS = 100  # of expectation and maximisation
FEWEST = 2  # judges: with one, nobody can say who of the two is wrong
BOUNDS = (2.5, 97.5)  # percentiles
TINY = 1e-9


@dataclass(frozen=True)
class Share:
    """A share of all labels, 0-1, and its 95 % interval by patient bootstrap. All NaN where it can't be told."""

    value: float
    low: float
    high: float


def share_wrong(votes: Array, given: Array, groups: pd.Series) -> Share:
    """The share of wrong labels. ``votes``: bool (n, k), what each judge holds an image for; ``given``: the labels."""
    if not len(given):
        return Share(float("nan"), float("nan"), float("nan"))
    opinions = np.column_stack([given, votes])
    patterns, which = np.unique(opinions, axis=0, return_inverse=True)
    patients = pd.factorize(groups, use_na_sentinel=False)[0]
    counts = np.zeros((patients.max() + 1, len(patterns)))
    np.add.at(counts, (patients, which.ravel()), 1)
    draw = np.random.default_rng(SEED)
    times = draw.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=RESAMPLES)
    shares = _shares(patterns, np.vstack([counts.sum(axis=0), times @ counts]))
    low, high = np.percentile(shares[1:], BOUNDS)
    return Share(float(shares[0]), float(low), float(high))


def _shares(patterns: Array, counts: Array) -> Array:
    """The share of wrong labels, (r,), where ``counts`` (r, p) images have the opinions ``patterns``, bool (p, 1 + k),
    the label first. With one judge: what it contradicts.
    """
    given, total = patterns[:, 0], counts.sum(axis=1)
    if patterns.shape[1] - 1 < FEWEST:
        contradicted: Array = counts @ (given != patterns[:, -1]) / total
        return contradicted
    chance = np.broadcast_to(patterns.mean(axis=1), counts.shape)
    for _ in range(ROUNDS):
        chance = _positive(patterns, counts, chance)
    wrong = np.where(given, 1 - chance, chance)
    shares: Array = (counts * wrong).sum(axis=1) / total
    return shares


def _positive(patterns: Array, counts: Array, chance: Array) -> Array:
    """How likely an image of each pattern is positive, (r, p), by the errors that follow from ``chance`` before."""
    odds = np.zeros(chance.shape)
    for side, weights in ((1, counts * chance), (-1, counts * (1 - chance))):
        all_of_them = weights.sum(axis=1, keepdims=True)
        says = np.clip(weights @ patterns / np.maximum(all_of_them, TINY), TINY, 1 - TINY)
        told = np.log(says) @ patterns.T + np.log(1 - says) @ (~patterns).T
        odds += side * (told + np.log(np.maximum(all_of_them, TINY)))
    chances: Array = 0.5 * (1 + np.tanh(odds / 2))
    return chances
