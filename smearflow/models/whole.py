"""Training a whole network: every weight, over augmented pixels, in memory or, if they are many, on disk."""

import math
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smearflow.models.batches import Feed, in_order, pixels_of
from smearflow.models.checkpoints import Checkpoint, Progress, kept_in
from smearflow.models.child import say, timed
from smearflow.models.curves import validated
from smearflow.models.fitted import Array, Fitted, Labelled, labelled, readable_rows
from smearflow.models.memory import available
from smearflow.models.networks import WHOLE, with_probability
from smearflow.models.pixels import Decoded, PixelStream
from smearflow.models.precision import computing_in, policy
from smearflow.models.recipe import loss_of, rate_of
from smearflow.models.spec import TrainSpec
from smearflow.room import told_of
from smearflow.settings import Train

SHARE = 4  # a set's pixels may take one such part of the memory that is left: others train beside
WEIGHT_DECAY = 0.004
PASSES = 10  # over the training set, where nothing is said
LEAST_STEPS = 300  # of the optimiser: 167 real cells end at 0.82 accuracy after 60 steps, at 0.98 after 240


def train_whole(spec: TrainSpec, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit the network of ``spec`` on the training rows, and score every row."""
    size, dtype = spec.input_size, policy(spec.train.mixed_precision)
    network, compiling = timed(lambda: built(spec, dtype))
    (pixels, kept), decoding = timed(lambda: gather(stream, rows, size, spec.out))
    training, validation = (labelled(pixels[name], name, kept, spec.positive) for name in ("train", "val"))
    epochs = passes(spec, len(training.inputs))
    checkpoint = Checkpoint.of(spec.checkpoints_folder, spec.train.batch_size)
    feed = pixels_of(training, spec.augment, spec.train)
    fitting = fit(network, feed, validation, spec.train, epochs, checkpoint)
    served = with_probability(in_float32(network, spec))
    probability = scored(served, pixels, kept)
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return Fitted(
        served,
        kept,
        probability,
        fitting.rows,
        trainable,
        cut=None,
        compiling=compiling,
        features=decoding,
        note=fitting.note,
        precision=dtype,
    )


def built(spec: TrainSpec, dtype: str) -> Any:
    """The network of ``spec``, computing by the Keras policy ``dtype``."""
    with computing_in(dtype):
        return WHOLE[spec.model.name](spec.input_size, spec.train.initializer)


def in_float32(network: Any, spec: TrainSpec) -> Any:
    """``network`` as it is saved and served: the same weights, float32 throughout."""
    plain = built(spec, "float32")
    plain.set_weights(network.get_weights())
    return plain


def passes(spec: TrainSpec, images: int) -> int:
    """Passes over ``images`` training images: as the spec says, else PASSES, and more where that is few steps."""
    steps = math.ceil(images / spec.train.batch_size)
    return spec.model.epochs or max(PASSES, math.ceil(LEAST_STEPS / steps))


def gather(
    stream: Iterable[Decoded], rows: pd.DataFrame, size: int, folder: Path, most: int | None = None
) -> tuple[dict[str, Array], pd.DataFrame]:
    """All readable pixels by set, uint8 (n, size, size, 3) each, and the rows that are readable.

    Where they take more than ``most`` bytes (None: a quarter of the memory that is left), they are kept in files
    without names on the disk of ``folder``, which are gone with this process. Raises DiskError where that is full.
    """
    on_disk = len(rows) * size * size * 3 > (available() // SHARE if most is None else most)

    def hold(images: int) -> Array:
        shape = (images, size, size, 3)
        return mapped(folder, shape) if on_disk else np.empty(shape, np.uint8)

    splits = rows["split"].to_numpy(str)
    pixels = {str(name): hold(int(np.sum(splits == name))) for name in np.unique(splits)}
    filled = dict.fromkeys(pixels, 0)
    readable: list[bool] = []
    for decoded in stream:
        good = [error is None for error in decoded.errors]
        sets = splits[len(readable) :][: len(good)][good]
        readable += good
        for name in np.unique(sets):
            chosen = decoded.pixels[sets == name]
            pixels[name][filled[name] : filled[name] + len(chosen)] = chosen
            filled[name] += len(chosen)
    say(f"decoded {sum(filled.values()):,}/{len(rows):,}{', onto the disk' if on_disk else ''}")
    kept = readable_rows(rows, np.array(readable, dtype=bool))
    return {name: pixels[name][:count] for name, count in filled.items() if count}, kept


def mapped(folder: Path, shape: tuple[int, ...]) -> Array:
    """An array of pixels, uint8, in a file without a name on the disk of ``folder``: memory that can be taken back.

    Raises DiskError where it finds no room.
    """
    size = math.prod(shape)
    with told_of(folder, size), tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error here, not a signal later
        return np.memmap(file, np.uint8, "r+", shape=shape)


def scored(served: Any, inputs: dict[str, Array], rows: pd.DataFrame) -> Array:
    """What ``served`` says of the inputs of each set, in the order of ``rows``: float64 (n,)."""
    probability = np.empty(len(rows))
    for name, each in inputs.items():
        probability[rows["split"] == name] = served.predict(in_order(each), verbose=0)[:, 0]
    return probability


def fit(network: Any, feed: Feed, validation: Labelled, train: Train, epochs: int, checkpoint: Checkpoint) -> Progress:
    """Fit every trainable weight of ``network`` (to a logit) in ``epochs`` passes, or go on from ``checkpoint``.

    AdamW (Loshchilov & Hutter 2019), its rate falling to 0 by a cosine unless ``train`` says otherwise; labels are
    smoothed, as 5 % are wrong.
    """
    import keras

    steps = math.ceil(feed.images / train.batch_size)
    network.compile(
        optimizer=keras.optimizers.AdamW(rate_of(train, steps * epochs), weight_decay=WEIGHT_DECAY),
        loss=loss_of(train),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    progress = Progress.resumed(checkpoint, network, epochs, train.learning_rate, train.patience)
    begun = len(progress.rows)
    network.fit(
        feed.batches(begun),
        initial_epoch=begun,
        epochs=progress.until,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[kept_in(progress, lambda trained: validated(trained, validation))],
    )
    progress.finish(network)
    return progress
