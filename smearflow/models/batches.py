"""Batches of images, or of what is cached of them, as tf.data hands them to Keras: in an order that can be repeated.

The order follows from the seed and the number of the pass, a batch's changes from its own number: whoever begins in
the middle sees the same. Rows are read batch by batch, so that inputs may be memory maps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from smearflow.models.augmentation import augmented
from smearflow.models.fitted import Array, Labelled
from smearflow.models.recipe import weights_of
from smearflow.settings import Augment, Train

SCORED = 128  # images a step when scoring


@dataclass(frozen=True)
class Feed:
    """What a network learns from: how many images a pass has, and the batches from a pass, counted from 0, on."""

    images: int
    batches: Callable[[int], Any]


def pixels_of(training: Labelled, augment: Augment, how: Train) -> Feed:
    """Images that are changed anew each time they are seen, and weigh as ``how`` and they say."""
    weighed = replace(training, weight=weights_of(training, how))
    return Feed(len(training.inputs), lambda epoch: batches(weighed, augment, how.batch_size, how.seed, epoch))


def cached_of(training: Labelled, views: int, how: Train) -> Feed:
    """What is cached of images: float32 (views n, d), all of a view together; each pass has one view of each image."""
    images, seed = len(training.positive) // views, how.seed
    weighed = replace(training, weight=weights_of(training, how))

    def order(epoch: int) -> Array:
        chosen = np.random.default_rng((seed, epoch, views)).integers(views, size=images)
        rows = order_of(images, seed, epoch)
        return rows + images * chosen[rows]

    def read(rows: Any) -> Any:
        return _read(training.inputs, rows)

    def from_pass(epoch: int) -> Any:
        return _ordered(images, how.batch_size, order, epoch).map(lambda _, rows: (read(rows), *_told(weighed, rows)))

    return Feed(images, lambda epoch: from_pass(epoch).prefetch(2))


def batches(training: Labelled, augment: Augment, batch_size: int, seed: int, epoch: int = 0) -> Any:
    """The training set for ever, from pass ``epoch`` on, as a tf.data.Dataset of augmented batches.

    Each: pixels float32 (b, size, size, 3), 0-255, labels float32 (b, 1) and, where images have them, weights (b,).
    """
    import tensorflow as tf

    images = len(training.inputs)

    def change(number: Any, rows: Any) -> Any:
        pixels = augmented(_read(training.inputs, rows), augment, tf.stack([seed, tf.cast(number, tf.int32)]))
        return pixels, *_told(training, rows)

    ordered = _ordered(images, batch_size, lambda n: order_of(images, seed, n), epoch)
    return ordered.map(change, num_parallel_calls=2, deterministic=True).prefetch(2)


def in_order(inputs: Array, batch_size: int = SCORED) -> Any:
    """``inputs`` batch by batch, as a tf.data.Dataset of float32 (b, ...)."""
    import tensorflow as tf

    return tf.data.Dataset.range(len(inputs)).batch(batch_size).map(lambda rows: _read(inputs, rows)).prefetch(1)


def order_of(images: int, seed: int, epoch: int) -> Array:
    """In which order pass ``epoch``, from 0, takes the images: int64 (images,)."""
    return np.random.default_rng((seed, epoch)).permutation(images)


def _ordered(images: int, batch_size: int, order: Callable[[int], Array], epoch: int) -> Any:
    """The number of each batch, and its rows, int64 (b,), from pass ``epoch`` on, for ever."""
    import tensorflow as tf

    def one_pass(number: Any) -> Any:
        rows = tf.numpy_function(lambda n: order(int(n)), [number], tf.int64, stateful=False)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(rows, (images,))).batch(batch_size)

    passes = tf.data.Dataset.range(epoch, tf.int64.max).flat_map(one_pass)
    return passes.enumerate(start=epoch * math.ceil(images / batch_size))


def _read(inputs: Array, rows: Any) -> Any:
    """The rows of ``inputs``, as float32."""
    import tensorflow as tf

    kind = tf.as_dtype(inputs.dtype)
    read = tf.numpy_function(lambda at: np.asarray(inputs[at]), [rows], kind, stateful=False)
    return tf.ensure_shape(tf.cast(read, tf.float32), (None, *inputs.shape[1:]))


def _told(training: Labelled, rows: Any) -> tuple[Any, ...]:
    """The labels of ``rows``, float32 (b, 1), and their weights, (b,), where they have any."""
    import tensorflow as tf

    columns = [training.positive.reshape(-1, 1)] + ([] if training.weight is None else [training.weight])
    return tuple(tf.gather(tf.constant(column.astype(np.float32)), rows) for column in columns)
