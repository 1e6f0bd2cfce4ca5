"""Which labels to doubt, and how far to trust each: by what models say of it that never saw its patient."""

import math
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray[Any, Any]

MOST = 2  # times its share of all that a class may lose: a rare class mustn't go because it is rare


def contradiction(logits: Array, positive: Array) -> Array:
    """How strongly ``logits`` (n,) of the positive class speak against the labels ``positive``, bool (n,).

    Float (n,): the logit of the other class.
    """
    return np.where(positive, -logits, logits)


def suspects(against: Array, labels: pd.Series, share: float) -> Array:
    """Which images' labels are contradicted most, bool (n,): a ``share`` of all, rounded down.

    Of a class no more than MOST times that share. Only labels that are contradicted at all (``against`` above 0).
    """
    doubted = np.zeros(len(against), bool)
    order = np.argsort(-against, kind="stable")
    for label in labels.unique():
        of_class = order[(labels == label).to_numpy(bool)[order]]
        doubted[of_class[: math.floor(MOST * share * len(of_class))]] = True
    kept = [at for at in order if doubted[at] and against[at] > 0][: math.floor(share * len(against))]
    chosen = np.zeros(len(against), bool)
    chosen[kept] = True
    return chosen


def trust(against: Array) -> Array:
    """How likely each label is right by those who speak ``against`` it (n,): float (n,), scaled to 1 on average."""
    right = np.exp(-np.logaddexp(0, against))
    weights: Array = right / right.mean()
    return weights
