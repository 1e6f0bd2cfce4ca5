"""Augmented views of training images, whose features are kept as those of the images themselves are.

What a view shows follows from the image's digest, the seed, the settings of augmentation and the view's number, and on
nothing else: an added image costs its own views, and those of the others stay.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from smearflow.models.augmentation import LOTS, changed_by
from smearflow.models.child import say
from smearflow.models.engines import Engine, Precision
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import cache_at, compute, stream_of, unknown
from smearflow.models.fitted import Array
from smearflow.models.spec import TrainSpec
from smearflow.workspace import digest_of


def view_digest(spec: TrainSpec, network: str, view: int) -> str:
    """Of all that the features of view ``view``, from 1, depend on besides the image and the engine's precision."""
    return digest_of(network, spec.augment.keyed(), spec.train.seed, view)


def lots_of(digests: Sequence[str], seed: int, view: int) -> Array:
    """What is drawn for view ``view`` of each image: float32 (LOTS, n), evenly from [0, 1)."""
    draws = [np.random.default_rng((int(digest, 16), seed, view)).random(LOTS, np.float32) for digest in digests]
    return np.stack(draws, axis=1)


def shown(pixels: Array, digests: Sequence[str], spec: TrainSpec, view: int) -> Array:
    """View ``view`` of images, whose digests are given: uint8 (n, size, size, 3), both."""
    return changed_by(pixels, spec.augment, lots_of(digests, spec.train.seed, view))


def see_views(
    spec: TrainSpec, network: str, rows: pd.DataFrame, precision: Precision, engine: Callable[[], Engine]
) -> tuple[FeatureCache, ...]:
    """A cache a view, from view 1 on, with the features of ``rows``, computed where it lacks some."""
    caches = tuple(cache_at(spec, view_digest(spec, network, view), precision) for view in range(1, spec.model.views))
    for view, cache in enumerate(caches, 1):
        missing = unknown(cache, rows)
        say(f"views {view + 1}/{spec.model.views}, {len(missing):,} images to see")
        if missing.empty:
            continue
        cache.describe({"view": view, "of": network, "augment": spec.augment.keyed()})
        with stream_of(spec, missing) as stream:
            compute(stream, engine(), cache, len(rows) - len(missing), partial(shown, spec=spec, view=view))
    return caches


def gathered(images: FeatureCache, views: Sequence[FeatureCache], digests: Sequence[str]) -> Array:
    """Features of ``digests`` as they are, then of each view: a memory map, float32 ((1 + views) n, d).

    Where a view of an image is missing (its file is gone since it was seen first) the image itself stands for it.
    """
    names, count = np.array(digests, dtype=object), len(digests)
    matrix = images.mapped((1 + len(views)) * count)
    for number, cache in enumerate((images, *views)):
        known = cache.knows(digests)
        for source, there in ((cache, known), (images, ~known)):
            source.fill(matrix, number * count + np.flatnonzero(there), names[there].tolist())
    return matrix
