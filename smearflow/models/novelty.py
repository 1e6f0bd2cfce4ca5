"""Which images are unlike the training set: fitted on training images, its threshold set on validation.

An image is described by what the network's heads read, and by a few statistics of its pixels (smearflow/registry/
serving.py). Both are turned to their main axes in the training set and scaled to one deviation each; the distance is
the root of the mean square along them (Mahalanobis; Lee et al. 2018, "A Simple Unified Framework for Detecting
Out-of-Distribution Samples").
"""

from pathlib import Path
from typing import Any

import numpy as np

from smearflow.models.fitted import Array
from smearflow.registry.serving import NOVELTY, Novelty, statistics

AXES = 16  # of the features, and of the statistics, at most
LEAST = 1e-3  # of the widest axis' deviation: narrower ones are rounding, and aren't used
STATISTICS = statistics(np.zeros((1, 8, 8, 3))).shape[1]


def fit_novelty(training: Array, validation: Array, share: float) -> Novelty:
    """What calls ``share`` (0-1) of the ``validation`` images strangers, by how ``training`` is spread.

    Both float (n, d), of ``Classifier.described``: features, then statistics. Training needs two images or more.
    """
    centre = training.mean(axis=0)
    width = training.shape[1] - STATISTICS
    blocks = _axes(training[:, :width]), _axes(training[:, width:])
    axes = np.zeros((training.shape[1], sum(each.shape[1] for each in blocks)))
    axes[:width, : blocks[0].shape[1]], axes[width:, blocks[0].shape[1] :] = blocks
    spread = Novelty(centre, axes, np.inf)
    return Novelty(centre, axes, float(np.quantile(spread.distance(validation), 1 - share, method="higher")))


def write_novelty(bundle: Path, novelty: Novelty) -> dict[str, Any]:
    """Put ``novelty`` into ``bundle``. Returns what its model.json is to say of it."""
    np.savez_compressed(bundle / NOVELTY, centre=novelty.centre, axes=novelty.axes)
    return {"threshold": novelty.threshold}


def _axes(rows: Array) -> Array:
    """The main axes of ``rows`` (n, d), one deviation long: (d, k)."""
    deviation = rows.std(axis=0)
    scale = np.where(deviation > LEAST * deviation.max(), deviation, np.inf)  # what hardly varies says nothing
    _, spread, axes = np.linalg.svd((rows - rows.mean(axis=0)) / scale, full_matrices=False)
    wide = spread > max(LEAST * spread[0], 1e-12)
    count = min(AXES, int(wide.sum()))
    return np.asarray((axes[:count] / spread[:count, None] * np.sqrt(len(rows))).T / scale[:, None])
