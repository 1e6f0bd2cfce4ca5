"""Which images are unlike the training set: fitted on training images, its threshold set on validation.

An image is described by what the network's heads read, and by a few statistics of its pixels (smearflow/registry/
serving.py). Both are turned to their main axes in the training set and scaled to one deviation each; the distance is
the root of the mean square along them (Mahalanobis; Lee et al. 2018, "A Simple Unified Framework for Detecting
Out-of-Distribution Samples").
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.models.bundles import add_facts
from smearflow.models.fitted import Array
from smearflow.models.pixels import in_pieces
from smearflow.models.strangers import strangers
from smearflow.registry.serving import NOVELTY, Classifier, Novelty, load, statistics

SAMPLE = 1000  # images of a set, at most: more hardly move axes or threshold
DRAWN = 50  # strangers of a kind
AXES = 16  # of the features, and of the statistics, at most
LEAST = 1e-3  # of the widest axis' deviation: narrower ones are rounding, and aren't used
STATISTICS = statistics(np.zeros((1, 8, 8, 3))).shape[1]


def fit_novelty(training: Array, validation: Array, share: float) -> Novelty:
    """What calls ``share`` (0-1) of the ``validation`` images strangers, by how ``training`` is spread.

    Both float (n, d), of ``Classifier.described``: features, then statistics. Training needs two images or more.
    """
    centre = training.mean(axis=0).astype(np.float32)
    width = training.shape[1] - STATISTICS
    blocks = _axes(training[:, :width]), _axes(training[:, width:])
    axes = np.zeros((training.shape[1], sum(each.shape[1] for each in blocks)), np.float32)
    axes[:width, : blocks[0].shape[1]], axes[width:, blocks[0].shape[1] :] = blocks
    spread = Novelty(centre, axes, np.inf)
    return Novelty(centre, axes, float(np.quantile(spread.distance(validation), 1 - share, method="higher")))


def learn_novelty(bundle: Path, rows: pd.DataFrame, root: Path, share: float) -> dict[str, float]:
    """Have ``bundle`` tell strangers from the cells of ``rows`` (path below ``root``, split).

    Returns the share of test images that it calls so, and of each kind of stranger, 0-1.
    """
    classifier = load(bundle)
    training, validation, test = (
        described(classifier, some(rows[rows["split"] == name], SAMPLE), root) for name in ("train", "val", "test")
    )
    novelty = fit_novelty(training, validation, share)
    np.savez_compressed(bundle / NOVELTY, centre=novelty.centre, axes=novelty.axes)
    add_facts(bundle, novelty={"threshold": novelty.threshold})
    others = {kind: classifier.described(each)[1] for kind, each in strangers(classifier.input_size, DRAWN).items()}
    return {
        kind: float(np.mean(novelty.distance(each) >= novelty.threshold))
        for kind, each in {"test": test, **others}.items()
    }


def described(classifier: Classifier, rows: pd.DataFrame, root: Path) -> Array:
    """What novelty goes by of each image of ``rows`` that can be read, float64 (k, d)."""
    pieces = in_pieces([file_at(root, path) for path in rows["path"]], classifier.input_size)
    return np.concatenate([classifier.described(each.pixels)[1] for each in pieces if len(each.pixels)])


def some(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Up to ``most`` of ``rows``, from all over."""
    return rows.iloc[:: max(1, math.ceil(len(rows) / most))]


def _axes(rows: Array) -> Array:
    """The main axes of ``rows`` (n, d), one deviation long: (d, k)."""
    deviation = rows.std(axis=0)
    scale = np.where(deviation > LEAST * deviation.max(), deviation, np.inf)  # what hardly varies says nothing
    _, spread, axes = np.linalg.svd((rows - rows.mean(axis=0)) / scale, full_matrices=False)
    wide = spread > max(LEAST * spread[0], 1e-12)
    count = min(AXES, int(wide.sum()))
    return np.asarray((axes[:count] / spread[:count, None] * np.sqrt(len(rows))).T / scale[:, None])
