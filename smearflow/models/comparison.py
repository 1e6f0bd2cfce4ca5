"""Which cut of a frozen backbone, and which size of its input, serve best: compared on training patients alone.

One pass over some training images an input size gives the features of all taps; every cut is then judged by grouped
cross-validation. Of the cuts that are within one standard error of the best, the cheapest is taken, by
multiplications, which don't change with what else the machine does. The error is that
of the difference, over patients: two cuts are wrong about the same cells, so it is smaller than either's own.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.models.backbones import Backbone
from smearflow.models.child import say
from smearflow.models.cuts import Cut, cuts_of, taps
from smearflow.models.features import cache_at, network_digest, stream_of
from smearflow.models.fitted import Array
from smearflow.models.folds import folds_of, right_of, standard_error
from smearflow.models.frozen import Frozen, Seen, features_to_compute, frozen_of, see
from smearflow.models.networks import backbone_of, inner_of
from smearflow.models.spec import ComparedCut, TrainSpec

SIZES = (64, 96, 128)  # pixels
IMAGES = 6000  # of the training set, of every patient: standard errors are near 0.003
ENOUGH = 0.3  # seconds of timing a cut


@dataclass(frozen=True)
class Sized:
    """All taps of a backbone at one input size, their features, and what each cut would cost."""

    spec: TrainSpec  # with the taps as its cut
    frozen: Frozen
    seen: Seen
    cuts: tuple[Cut, ...]

    def columns(self, cut: Cut) -> Array:
        """Which columns of the features are those of ``cut``: an average and a maximum a channel, tap by tap."""
        widths = [2 * int(output.shape[-1]) for output in inner_of(self.frozen.model).outputs]
        starts = dict(zip(self.taps, np.cumsum([0, *widths]), strict=False))
        ranges = (np.arange(starts[tap], starts[tap] + widths[self.taps.index(tap)]) for tap in cut)
        return np.concatenate(list(ranges))

    @property
    def taps(self) -> Cut:
        return tuple(self.spec.model.cut or ())


@dataclass(frozen=True)
class Cost:
    """Of layers: multiplications an image, images a second as TensorFlow's compiled function runs them, parameters."""

    work: int
    rate: float
    params: int


@dataclass(frozen=True)
class Candidate:
    """A cut at a size, which images it gets right, bool (n,), and what the layers up to there cost."""

    sized: Sized
    cut: Cut
    right: Array
    cost: Cost


def settled(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> tuple[TrainSpec, tuple[ComparedCut, ...]]:
    """``spec`` with its cut and size chosen, and the table of what was compared; as it is where nothing is open.

    The features of the chosen cut that were computed on the way go into its own cache.
    """
    if not spec.is_open:
        return spec, ()
    some = sample(rows[rows["split"] == "train"].drop_duplicates("sha256"))
    sizes = [_sized(spec, row, some, size) for size in sizes_of(spec, row)]
    kept = some[np.all([each.seen.cache.knows(some["sha256"].tolist()) for each in sizes], axis=0)]
    candidates = [each for sized in sizes for each in _candidates(sized, kept)]
    groups = _patients(kept)
    chosen = cheapest_within_error(candidates, groups)
    final = _spec_at(chosen.sized.spec, chosen.cut, chosen.sized.spec.input_size)
    _hand_on(chosen, final, row, kept)
    say(f"cut {'+'.join(chosen.cut)} at {final.input_size} px is taken, of {len(candidates)} that were compared")
    return final, tuple(_described(each, each is chosen, groups) for each in candidates)


def sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Up to IMAGES of ``rows``, evenly from every patient."""
    ordered = rows.sort_values(["group", "sha256"], kind="stable")
    at = np.unique(np.linspace(0, len(ordered) - 1, min(IMAGES, len(ordered))).round().astype(int))
    return ordered.iloc[at].reset_index(drop=True)


def sizes_of(spec: TrainSpec, row: Backbone) -> tuple[int, ...]:
    """The input sizes to compare, pixels."""
    if spec.model.input_size != "auto":
        return (spec.input_size,)
    return tuple(size for size in SIZES if size >= row.least_size)


def cheapest_within_error(candidates: Sequence[Candidate], groups: Array) -> Candidate:
    """The cheapest that is worse than the best by no more than a standard error of the difference."""
    best = max(candidates, key=lambda each: float(each.right.mean()))

    def is_near(each: Candidate) -> bool:
        less = best.right.astype(float) - each.right
        return bool(less.mean() <= standard_error(less, groups))

    return min(filter(is_near, candidates), key=lambda each: (each.cost.work, -float(each.right.mean())))


def _sized(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, size: int) -> Sized:
    names, cuts = _cuts_at(spec, row, size)
    at_size = _spec_at(spec, names, size)
    with stream_of(at_size, features_to_compute(at_size, row, rows)) as stream:
        frozen = frozen_of(at_size, row, rows)
        seen = see(frozen, rows, stream, {})
    return Sized(at_size, frozen, seen, cuts)


def _cuts_at(spec: TrainSpec, row: Backbone, size: int) -> tuple[Cut, tuple[Cut, ...]]:
    """The taps that are needed at ``size``, and the cuts to compare there."""
    if isinstance(spec.model.cut, tuple):
        return spec.model.cut, (spec.model.cut,)
    backbone = backbone_of(row, size, None)
    if spec.model.cut == "auto":
        return taps(backbone), cuts_of(taps(backbone))
    last = (str(backbone.layers[-1].name),)
    return last, (last,)


def _spec_at(spec: TrainSpec, cut: Cut, size: int) -> TrainSpec:
    return spec.model_copy(update={"model": spec.model.model_copy(update={"cut": cut, "input_size": size})})


def _candidates(sized: Sized, rows: pd.DataFrame) -> list[Candidate]:
    features = sized.seen.cache.gather(rows["sha256"].tolist())
    positive = (rows["label"] == sized.spec.positive).to_numpy(bool)
    folds = folds_of(rows["group"], sized.spec.train.seed)
    costs = _costs(sized)
    found = []
    for number, cut in enumerate(sized.cuts, 1):
        right = right_of(features[:, sized.columns(cut)], positive, folds)
        found.append(Candidate(sized, cut, right, costs[cut[-1]]))
        say(f"cuts {number}/{len(sized.cuts)} {'+'.join(cut)} at {sized.spec.input_size} px: {right.mean():.4f}")
    return found


def _costs(sized: Sized) -> Mapping[str, Cost]:
    """What the layers up to each tap cost."""
    import keras

    inner = inner_of(sized.frozen.model)
    parts = {name: keras.Model(inner.input, output) for name, output in zip(sized.taps, inner.outputs, strict=True)}
    pixels = sized.frozen.pixels
    return {name: Cost(work_of(part), _rate(part, pixels), part.count_params()) for name, part in parts.items()}


def work_of(network: Any) -> int:
    """Multiplications an image: of each convolution, the numbers in its kernels times the places of its map."""
    return sum(
        int(np.prod(weight.shape) * np.prod(layer.output.shape[1:3]))
        for layer in network.layers
        for weight in layer.weights
        if len(weight.shape) == 4
    )


def _rate(network: Any, pixels: Array) -> float:
    import tensorflow as tf

    run = tf.function(lambda batch: network(batch, training=False), autograph=False)
    batch = tf.constant(pixels, tf.float32)
    run(batch)
    best, end = float("inf"), time.perf_counter() + ENOUGH
    while time.perf_counter() < end or best == float("inf"):
        start = time.perf_counter()
        run(batch)
        best = min(best, time.perf_counter() - start)
    return len(pixels) / best


def _hand_on(chosen: Candidate, final: TrainSpec, row: Backbone, rows: pd.DataFrame) -> None:
    """Put what was computed for the comparison into the cache of the chosen cut alone."""
    seen, digests = chosen.sized.seen, rows["sha256"].tolist()
    cache = cache_at(final, network_digest(final, row), seen.precision)
    if cache.folder == seen.cache.folder or cache.knows(digests).all():
        return
    cache.describe({"engine": seen.engine, "backbone": final.model.keyed()})
    cache.add(digests, seen.cache.gather(digests)[:, chosen.sized.columns(chosen.cut)])


def _described(candidate: Candidate, chosen: bool, groups: Array) -> ComparedCut:
    return ComparedCut(
        cut="+".join(candidate.cut),
        input_size=candidate.sized.spec.input_size,
        accuracy=float(candidate.right.mean()),
        error=standard_error(candidate.right, groups),
        rate=candidate.cost.rate,
        params=candidate.cost.params,
        mib=4 * candidate.cost.params / 2**20,
        chosen=chosen,
    )


def _patients(rows: pd.DataFrame) -> Array:
    """The group of each image; where one has none, each image is its own."""
    groups = rows["group"]
    return np.arange(len(rows)) if groups.isna().any() or groups.nunique() < 2 else groups.to_numpy(str)
