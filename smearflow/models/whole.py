"""Training a whole network: every weight, over augmented pixels that are held in memory."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from smearflow.models.augmentation import augmentation_layer
from smearflow.models.checkpoints import Checkpoint, Progress, kept_in
from smearflow.models.child import say, timed
from smearflow.models.curves import validated
from smearflow.models.fitted import Array, Fitted, Labelled, readable_rows, truth
from smearflow.models.networks import WHOLE, with_probability
from smearflow.models.pixels import PixelStream
from smearflow.models.precision import computing_in, policy
from smearflow.models.recipe import class_weights, loss_of, rate_of
from smearflow.models.spec import TrainSpec
from smearflow.settings import Augment, Train

WEIGHT_DECAY = 0.004
PASSES = 10  # over the training set, where nothing is said
LEAST_STEPS = 300  # of the optimiser: 167 real cells end at 0.82 accuracy after 60 steps, at 0.98 after 240
SCORED = 128  # images a step when scoring


def train_whole(spec: TrainSpec, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit the network of ``spec`` on the training rows, and score every row."""
    size, dtype = spec.input_size, policy(spec.train.mixed_precision)
    network, compiling = timed(lambda: built(spec, dtype))
    (pixels, kept), decoding = timed(lambda: gather(stream, rows, size))
    training, validation = (Labelled(pixels[name], truth(name, kept, spec.positive)) for name in ("train", "val"))
    epochs = passes(spec, len(training.inputs))
    checkpoint = Checkpoint.of(spec.checkpoints_folder, spec.train.batch_size)
    fitting = fit(network, training, validation, spec.augment, spec.train, epochs, checkpoint)
    served = with_probability(in_float32(network, spec))
    probability = np.empty(len(kept))
    for name, each in pixels.items():
        probability[kept["split"] == name] = served.predict(each, batch_size=SCORED, verbose=0)[:, 0]
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


def in_memory(name: str, shape: tuple[int, ...]) -> Array:
    """An empty array for the pixels of a set, uint8."""
    return np.empty(shape, np.uint8)


def gather(
    stream: PixelStream, rows: pd.DataFrame, size: int, hold: Callable[[str, tuple[int, ...]], Array] = in_memory
) -> tuple[dict[str, Array], pd.DataFrame]:
    """All readable pixels by set, uint8 (n, size, size, 3) each, and the rows that are readable.

    ``hold`` makes the array of a set, from its name and shape.
    """
    splits = rows["split"].to_numpy(str)
    pixels = {str(name): hold(str(name), (int(np.sum(splits == name)), size, size, 3)) for name in np.unique(splits)}
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
    say(f"decoded {sum(filled.values()):,}/{len(rows):,}")
    kept = readable_rows(rows, np.array(readable, dtype=bool))
    return {name: pixels[name][:count] for name, count in filled.items() if count}, kept


def fit(
    network: Any,
    training: Labelled,
    validation: Labelled,
    augment: Augment,
    train: Train,
    epochs: int,
    checkpoint: Checkpoint,
) -> Progress:
    """Fit every weight of ``network`` (pixels to a logit) in ``epochs`` passes, or go on from ``checkpoint``.

    AdamW (Loshchilov & Hutter 2019), its rate falling to 0 by a cosine unless ``train`` says otherwise; labels are
    smoothed, as 5 % are wrong.
    """
    import keras

    steps = math.ceil(len(training.inputs) / train.batch_size)
    network.compile(
        optimizer=keras.optimizers.AdamW(rate_of(train, steps * epochs), weight_decay=WEIGHT_DECAY),
        loss=loss_of(train),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    progress = Progress.resumed(checkpoint, network, epochs, train.learning_rate, train.patience)
    begun, weighing = len(progress.rows), class_weights(training.positive, train)
    network.fit(
        batches(training, augment, train.batch_size, train.seed, begun),
        initial_epoch=begun,
        epochs=progress.until,
        steps_per_epoch=steps,
        class_weight=dict(enumerate(weighing)) if weighing else None,
        shuffle=False,
        verbose=0,
        callbacks=[kept_in(progress, lambda trained: validated(trained, validation))],
    )
    progress.finish(network)
    return progress


def batches(training: Labelled, augment: Augment, batch_size: int, seed: int, epoch: int = 0) -> Any:
    """The training set for ever, from pass ``epoch`` on, as a tf.data.Dataset of augmented batches.

    Each: pixels float32 (b, size, size, 3), 0-255, and labels float32 (b, 1). The order follows from the seed and the
    number of the pass, a batch's changes from its own number: whoever begins in the middle sees the same.
    """
    import tensorflow as tf

    layer = augmentation_layer(augment)
    labels = tf.constant(training.positive.astype(np.float32).reshape(-1, 1))
    images = len(training.inputs)

    def change(number: Any, rows: Any) -> Any:
        pixels = tf.numpy_function(lambda at: training.inputs[at], [rows], tf.uint8, stateful=False)
        whole = tf.ensure_shape(tf.cast(pixels, tf.float32), (None, *training.inputs.shape[1:]))
        return layer(whole, seed=tf.stack([seed, tf.cast(number, tf.int32)])), tf.gather(labels, rows)

    def one_pass(number: Any) -> Any:
        order = tf.numpy_function(lambda n: order_of(images, seed, int(n)), [number], tf.int64, stateful=False)
        return tf.data.Dataset.from_tensor_slices(tf.ensure_shape(order, (images,))).batch(batch_size)

    passes = tf.data.Dataset.range(epoch, tf.int64.max).flat_map(one_pass)
    numbered = passes.enumerate(start=epoch * math.ceil(images / batch_size))
    return numbered.map(change, num_parallel_calls=2, deterministic=True).prefetch(2)


def order_of(images: int, seed: int, epoch: int) -> Array:
    """In which order pass ``epoch``, from 0, takes the images: int64 (images,)."""
    return np.random.default_rng((seed, epoch)).permutation(images)
