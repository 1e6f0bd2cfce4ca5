"""Training on a frozen backbone: its features of every image once, a linear head on those, then one whole model."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.errors import TrainingError
from smearflow.models.backbones import HEAD_EPOCHS, Backbone
from smearflow.models.child import say, timed
from smearflow.models.engines import Engine, Precision
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import cache_at, compute, fullest, network_digest, precisions, stream_of, unknown
from smearflow.models.fitted import LEAVE_ALONE, Array, Fitted, Labelled, Row, labelled, readable_rows
from smearflow.models.heads import fit_head
from smearflow.models.networks import boundary, features_of, with_head
from smearflow.models.pixels import PixelStream, decode_files
from smearflow.models.probe import Candidates, Chosen, fastest
from smearflow.models.spec import TrainSpec
from smearflow.models.views import gathered, see_views

SAMPLE = 32  # images on which engines, and the assembled model, must agree
AGREEMENT: dict[Precision, float] = {"f32": 1e-4, "bf16": 2e-2}  # of a probability, between cache and assembled model
CONTROL = 1e-3  # of a probability, where weights are random: nothing keeps such features at one scale, nor is it served


@dataclass(frozen=True)
class Frozen:
    """A frozen backbone, ready to be asked for features: its Keras model, its digest, and the images to check on."""

    spec: TrainSpec
    digest: str
    model: Any
    golden: pd.DataFrame  # rows of the split table
    pixels: Array  # theirs, uint8 (n, size, size, 3)


@dataclass(frozen=True)
class Seen:
    """A cache that holds every image which can be read, what filled it, and the seconds that it took."""

    cache: FeatureCache
    precision: Precision
    engine: str
    choosing: float
    computing: float


@dataclass(frozen=True)
class Learnt:
    """What was fitted on a cache: the network that is saved, and ``says``, what it makes of cached rows (n, d)."""

    network: Any  # pixels to the probability of the positive class
    probability: Array  # float (rows,)
    curves: list[Row]
    trainable: int
    says: Callable[[Array], Array]  # to probabilities, float (n,)
    note: str | None


@dataclass(frozen=True)
class CachedSets:
    """What is cached of the rows of a split: ``features`` of all, set by set, and what is learnt and judged from."""

    order: Array  # of the rows, so that each set is in one piece
    features: Array
    training: Labelled  # with its views, if there are any: all of a view together
    validation: Labelled

    def in_rows(self, probability: Array) -> Array:
        """``probability`` of ``features`` (n,) in the order of the rows."""
        ordered = np.empty(len(probability))
        ordered[self.order] = probability
        return ordered


def features_to_compute(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose features no cache has yet. Needs no TensorFlow."""
    return lacking(spec, network_digest(spec, row), rows)


def lacking(spec: TrainSpec, digest: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that no cache of the network ``digest`` has yet."""
    return unknown(_best_cache(spec, digest, rows)[0], rows)


def train_frozen(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit a head on the cached features of the training rows, and score every row from the cache.

    ``stream`` has the pixels of those that aren't cached. Raises TrainingError as ``fitted_on``.
    """
    frozen, building = timed(lambda: frozen_of(spec, row, rows))

    def learn(seen: Seen, views: Sequence[FeatureCache], kept: pd.DataFrame) -> Learnt:
        sets = cached_sets(seen.cache, views, kept, spec)
        epochs = spec.model.epochs or HEAD_EPOCHS
        fitting = fit_head(sets.training, sets.validation, epochs, spec.train, 1 + len(views))
        head = fitting.head
        network = with_head(frozen.model, head.kernel, head.bias)
        probability = sets.in_rows(head.probability(sets.features))
        return Learnt(network, probability, fitting.curves, len(head.kernel) + 1, head.probability, fitting.note)

    return fitted_on(frozen, rows, stream, learn, cut=boundary(frozen.model), compiling=building)


def fitted_on(
    frozen: Frozen,
    rows: pd.DataFrame,
    stream: PixelStream,
    learn: Callable[[Seen, Sequence[FeatureCache], pd.DataFrame], Learnt],
    *,
    cut: str | None,
    compiling: float,
    features: float = 0.0,
) -> Fitted:
    """What ``learn`` fits on the cache of ``frozen``, of its views, and for the rows that can be read.

    Where the assembled model doesn't say what the cache said, the engine that filled it is left out, and the next one
    fills a new one. Raises TrainingError where none is left. ``compiling`` and ``features``: seconds spent already.
    """
    refused: dict[str, str] = {}
    while True:
        seen = see(frozen, rows, stream, refused)
        kept = readable_rows(rows, seen.cache.knows(rows["sha256"].tolist()))
        views, seeing = views_of(frozen, kept, seen, refused)
        learnt = learn(seen, views, kept)
        worst = disagreement(learnt, frozen, seen.cache)
        if worst <= (AGREEMENT[seen.precision] if frozen.spec.weights_file else CONTROL):  # never where it is NaN
            break
        for cache in (seen.cache, *views):
            cache.forget()
        refused[seen.engine] = f"the assembled model differs from its cached features by {worst:.2g} in probability"
        say(f"{seen.engine} isn't used any more: {refused[seen.engine]}")
    say(f"the assembled model agrees with its cached features to {worst:.1g}")
    return Fitted(
        learnt.network,
        kept,
        learnt.probability,
        learnt.curves,
        learnt.trainable,
        cut,
        compiling + seen.choosing,
        features + seen.computing + seeing,
        engine=seen.engine,
        note=learnt.note,
    )


def see(frozen: Frozen, rows: pd.DataFrame, stream: PixelStream, refused: Mapping[str, str]) -> Seen:
    """A cache with the features of every row that can be read, computed where it lacks some."""
    cache, precision = _best_cache(frozen.spec, frozen.digest, rows)
    missing = unknown(cache, rows)
    if missing.empty:
        say(f"features {len(rows):,}/{len(rows):,}")
        return Seen(cache, precision, str(cache.facts.get("engine")), 0.0, 0.0)
    possible = (precision,) if len(cache) else precisions(frozen.spec)
    chosen, choosing = timed(lambda: _engine(frozen, possible, refused))
    cache = cache_at(frozen.spec, frozen.digest, chosen.precision)
    missing = unknown(cache, rows)
    cache.describe({"engine": chosen.name, "backbone": frozen.spec.model.keyed()})
    with _pixels_of(frozen.spec, missing, stream) as pixels:
        computing = timed(lambda: compute(pixels, chosen.engine, cache, len(rows) - len(missing)))[1]
    return Seen(cache, chosen.precision, chosen.name, choosing, computing)


def views_of(
    frozen: Frozen, rows: pd.DataFrame, seen: Seen, refused: Mapping[str, str]
) -> tuple[tuple[FeatureCache, ...], float]:
    """A cache a view of the training rows, in the precision of ``seen``, and the seconds that it took.

    None where images are seen as they are.
    """
    if frozen.spec.model.views == 1:
        return (), 0.0
    chosen: list[Chosen] = []

    def engine() -> Engine:
        if not chosen:
            chosen.append(_engine(frozen, (seen.precision,), refused))
        return chosen[0].engine

    training = rows[rows["split"] == "train"]
    return timed(lambda: see_views(frozen.spec, frozen.digest, training, seen.precision, engine))


def disagreement(learnt: Learnt, frozen: Frozen, cache: FeatureCache) -> float:
    """The largest difference in probability between the assembled model and its cached features, on golden images."""
    there = cache.knows(frozen.golden["sha256"].tolist())
    said = learnt.network.predict(frozen.pixels[there], verbose=0)[:, 0]
    cached = learnt.says(cache.gather(frozen.golden["sha256"][there].tolist()))
    return float(np.max(np.abs(said - cached), initial=0.0))


def golden_of(spec: TrainSpec, rows: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Up to SAMPLE readable rows from all over, as one patient's may have vanished, and their pixels, uint8.

    Raises TrainingError (permanent) where none of them can be read.
    """
    chosen = rows.iloc[:: max(1, len(rows) // SAMPLE)].iloc[:SAMPLE]
    files = [file_at(spec.root, path) for path in chosen["path"]]
    decoded = decode_files(files, spec.input_size, chosen["sha256"].tolist())
    if not len(decoded.pixels):
        what = f"None of {len(chosen):,} images, out of {len(rows):,}, can be read any more, the first: {files[0]}"
        raise TrainingError(what, LEAVE_ALONE, permanent=True)
    return chosen[[error is None for error in decoded.errors]], decoded.pixels


def frozen_of(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> Frozen:
    """The frozen backbone of ``spec``. Random weights are those of the seed, whatever was drawn before.

    Raises TrainingError where its weights don't fit, SettingsError where it has no such layer.
    """
    import keras
    import tensorflow as tf

    if spec.weights_file is None:
        keras.utils.set_random_seed(spec.train.seed)

    tf.config.experimental.enable_tensor_float_32_execution(False)  # what is cached must hold on any machine
    model = features_of(row, spec.model, spec.weights_file)
    return Frozen(spec, network_digest(spec, row), model, *golden_of(spec, rows))


def _best_cache(spec: TrainSpec, digest: str, rows: pd.DataFrame) -> tuple[FeatureCache, Precision]:
    """The cache that knows most of ``rows``, of those whose precision will do."""
    caches = {precision: cache_at(spec, digest, precision) for precision in precisions(spec)}
    best = fullest(caches.values(), rows)
    return best, next(precision for precision, cache in caches.items() if cache is best)


def _engine(frozen: Frozen, possible: tuple[Precision, ...], refused: Mapping[str, str]) -> Chosen:
    spec = frozen.spec
    wanted = Candidates(frozen.model, frozen.pixels, frozen.digest, spec.threads, possible)
    chosen = fastest(wanted, spec.engines or spec.out / "engines", refused)
    say(f"{chosen.name} runs {spec.model.name}, {chosen.rate:,.0f} images/s when it was tried")
    return chosen


def _pixels_of(
    spec: TrainSpec, missing: pd.DataFrame, stream: PixelStream
) -> contextlib.AbstractContextManager[PixelStream]:
    """``stream`` where it has the pixels of ``missing`` and wasn't used up by an engine that failed; else a new one."""
    fits = stream.digests == missing["sha256"].tolist() and stream.fresh
    return contextlib.nullcontext(stream) if fits else stream_of(spec, missing)


def cached_sets(cache: FeatureCache, views: Sequence[FeatureCache], kept: pd.DataFrame, spec: TrainSpec) -> CachedSets:
    """What ``cache`` has of the rows of ``kept``, and ``views`` of those to train on, as memory maps."""
    order = np.argsort(kept["split"].to_numpy(str), kind="stable")  # each set in one piece of the memory map
    digests, sets = kept["sha256"].to_numpy(object)[order], kept["split"].to_numpy(str)[order]
    features = cache.gather(digests.tolist())
    training, validation = (
        labelled(features[_piece(sets, name)], name, kept, spec.positive) for name in ("train", "val")
    )
    if views:
        inputs = gathered(cache, views, digests[_piece(sets, "train")].tolist())
        weight = None if training.weight is None else np.tile(training.weight, 1 + len(views))
        training = Labelled(inputs, np.tile(training.positive, 1 + len(views)), weight)
    return CachedSets(order, features, training, validation)


def _piece(sets: Array, name: str) -> slice:
    """Where ``name`` is in ``sets``, which are sorted."""
    return slice(int(np.searchsorted(sets, name, "left")), int(np.searchsorted(sets, name, "right")))
