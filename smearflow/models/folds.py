"""Grouped cross-validation: each image judged by a head that never saw its patient."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from smearflow.models.fitted import Array, Labelled
from smearflow.models.heads import plain_head

FOLDS = 5
EPOCHS = 10  # of a head in a comparison: its order is that of 30


def folds_of(groups: pd.Series, seed: int, folds: int = FOLDS) -> Array:
    """The fold of each image, int (n,), 0 to ``folds`` - 1: a group is in one, and folds have about as many images.

    Images without a group, and those of a single one, are dealt one by one.
    """
    if groups.isna().any() or groups.nunique() < 2:
        groups = pd.Series(range(len(groups)))
    counts = groups.value_counts().sort_index()
    counts = counts.iloc[np.random.default_rng(seed).permutation(len(counts))].sort_values(
        ascending=False, kind="stable"
    )
    filled, chosen = np.zeros(min(folds, len(counts)), int), {}
    for group, images in counts.items():
        chosen[group] = int(np.argmin(filled))
        filled[chosen[group]] += images
    return groups.map(chosen).to_numpy(int)


def logits_of_unseen(images: Labelled, folds: Array) -> Array:
    """What heads that were fitted on the other folds say of each image: logits, float64 (n,)."""
    logits = np.empty(len(images.positive))
    for fold in np.unique(folds):
        inside = folds == fold
        head = plain_head(Labelled(images.inputs[~inside], images.positive[~inside]), EPOCHS)
        logits[inside] = head.logits(images.inputs[inside])
    return logits


def right_of(features: Array, positive: Array, folds: Array) -> Array:
    """Whether heads that were fitted on the other folds call each image right, at 0.5: bool (n,)."""
    right: Array = (logits_of_unseen(Labelled(features, positive), folds) >= 0) == positive
    return right


def standard_error(values: Array, groups: Sequence[object] | Array) -> float:
    """Of the mean of ``values`` (n,), where those of one group belong together (a ratio of sums over groups)."""
    off = pd.Series(values.astype(np.float64) - values.mean()).groupby(np.asarray(groups)).sum()
    if len(off) < 2:
        return 0.0
    return float(np.sqrt(np.sum(off**2) * len(off) / (len(off) - 1)) / len(values))
