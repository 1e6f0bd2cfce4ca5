"""Training as the lecture does it by hand: Keras fit through the whole network, again for every image in every epoch.

A frozen backbone, Flatten, one dense unit; or its simple CNN. Slower than this project's own recipe by far (the
frozen layers are run anew each time), and here to be compared with.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smearflow.models.backbones import Backbone
from smearflow.models.batches import batches
from smearflow.models.checkpoints import Checkpoint, Progress, kept_in
from smearflow.models.child import timed
from smearflow.models.fitted import Array, Fitted, Labelled, truth
from smearflow.models.networks import backbone_of, preprocessed, simple_cnn, with_probability
from smearflow.models.pixels import PixelStream
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import gather
from smearflow.settings import Lecture

IN_MEMORY = 0  # bytes of pixels: 27,558 cells at 224 px are 4 GB
SCORED = 64  # images a step when scoring


def train_as_taught(
    spec: TrainSpec, lecture: Lecture, row: Backbone, rows: pd.DataFrame, stream: PixelStream
) -> Fitted:
    """Fit the network of ``spec`` by the lecture's steps, and score every row."""
    import keras

    network, compiling = timed(lambda: compiled(network_of(row, spec, lecture), lecture))
    (pixels, kept), decoding = timed(lambda: gather(stream, rows, spec.input_size, spec.out, most=IN_MEMORY))
    sets = {name: Labelled(each, truth(name, kept, spec.positive)) for name, each in pixels.items()}
    fitting = fit(network, sets["train"], sets["val"], spec, lecture)
    probability = scored(network, sets, kept)
    cut = None if row.name == "simple_cnn" else f"{row.name.lower()} output, Flatten"
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    saved = saved_mb(network, spec.out / "saved.keras")
    served = keras.Model(network.input, network.output)  # without the optimiser's state
    return Fitted(served, kept, probability, fitting.rows, trainable, cut, compiling, decoding, saved, fitting.note)


def network_of(row: Backbone, spec: TrainSpec, lecture: Lecture) -> Any:
    """From pixels to the probability of the positive class (n, 1)."""
    if row.name == "simple_cnn":
        return with_probability(simple_cnn(spec.input_size, lecture.initializer, lecture.dropout))
    return transferred(row, spec.input_size, spec.weights_file, lecture)


def transferred(row: Backbone, size: int, weights_file: Path | None, lecture: Lecture) -> Any:
    """Transfer learning in the lecture's three steps: keep the last layer, attach, freeze all but the new.

    Raises TrainingError (permanent) where the weights don't fit.
    """
    import keras
    from keras import layers

    backbone = backbone_of(row, size, weights_file)
    pixels = keras.Input((size, size, 3), name="pixels")
    last = backbone(preprocessed(pixels, row.preprocessing), training=False)
    flat = layers.Flatten()(last)
    attached = layers.Dense(1, activation="sigmoid", kernel_initializer=lecture.initializer, name="probability")
    network = keras.Model(pixels, attached(flat), name=row.name.lower())
    for layer in network.layers:
        layer.trainable = layer is attached
    return network


def compiled(network: Any, lecture: Lecture) -> Any:
    """``network`` with the lecture's loss and optimiser."""
    import keras

    optimizer = keras.optimizers.get(
        {"class_name": lecture.optimizer, "config": {"learning_rate": lecture.learning_rate}}
    )
    metrics = [keras.metrics.BinaryAccuracy(name="accuracy"), keras.metrics.AUC(name="auc")]
    network.compile(optimizer=optimizer, loss=lecture.loss, metrics=metrics)
    return network


def fit(network: Any, training: Labelled, validation: Labelled, spec: TrainSpec, lecture: Lecture) -> Progress:
    """Fit what isn't frozen, over images that are augmented anew each time."""
    epochs = spec.model.epochs or 1
    checkpoint = Checkpoint.of(spec.checkpoints_folder, lecture.batch_size)
    progress = Progress.resumed(checkpoint, network, epochs, lecture.learning_rate)
    begun = len(progress.rows)
    network.fit(
        batches(training, spec.augment, lecture.batch_size, spec.train.seed, begun),
        steps_per_epoch=math.ceil(len(training.inputs) / lecture.batch_size),
        validation_data=in_order(validation),
        initial_epoch=begun,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[kept_in(progress)],
    )
    return progress


def in_order(images: Labelled) -> Any:
    """``images`` batch by batch, as a tf.data.Dataset of pixels float32 and labels float32 (b, 1)."""
    import tensorflow as tf

    labels = tf.constant(images.positive.astype(np.float32).reshape(-1, 1))

    def read(rows: Any) -> Any:
        pixels = tf.numpy_function(lambda at: images.inputs[at], [rows], tf.uint8, stateful=False)
        return tf.ensure_shape(tf.cast(pixels, tf.float32), (None, *images.inputs.shape[1:])), tf.gather(labels, rows)

    return tf.data.Dataset.range(len(images.inputs)).batch(SCORED).map(read).prefetch(1)


def scored(network: Any, sets: dict[str, Labelled], rows: pd.DataFrame) -> Array:
    """The probability of every row, float64 (n,)."""
    probability = np.empty(len(rows))
    for name, images in sets.items():
        probability[rows["split"] == name] = network.predict(in_order(images), verbose=0)[:, 0]
    return probability


def saved_mb(network: Any, path: Path) -> float:
    """MiB of ``network`` saved with its optimiser's state, as a notebook saves it; the file isn't kept."""
    network.save(path)
    size = path.stat().st_size / 2**20
    path.unlink()
    return size
