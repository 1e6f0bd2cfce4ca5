"""The linear head on cached features: fitted with Keras in seconds, its standardising folded into the weights."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from smearflow.models.curves import curves_on
from smearflow.models.fitted import Array, Labelled, Row

STEPS = 22  # an epoch, about: as many as batches of 256 give for 5,700 images
RATE = 3e-3  # of Adam at the start; falls to 0 by a cosine
PRIOR = 50  # images that the L2 penalty weighs as much as: 50 / n on the kernel, a Gaussian prior of deviation 0.1
PIECE = 4096  # rows of features that are read at a time
ORDER = 1  # seed of the order of images in each pass: the head hardly feels it
LEAST = 1e-4  # a deviation below this counts as this: features are rounded at 1e-7, which must not be blown up


@dataclass(frozen=True)
class Head:
    """A linear head on raw features: probability = sigmoid(features @ kernel + bias)."""

    kernel: Array  # float32 (d,)
    bias: float

    def probability(self, features: Array) -> Array:
        """Probability of the positive class, float64 (n,), of features (n, d)."""
        logits = np.empty(len(features))
        for at in range(0, len(features), PIECE):
            logits[at : at + PIECE] = features[at : at + PIECE].astype(np.float64) @ self.kernel + self.bias
        return np.exp(-np.logaddexp(0, -logits))


def fit_head(training: Labelled, validation: Labelled, epochs: int) -> tuple[Head, list[Row]]:
    """A head on features standardised by the training set's mean and deviation, and its curves.

    The features may be memory maps: they are read batch by batch.
    """
    mean, deviation = _moments(training.inputs)
    kernel, bias, curves = _fit(training, validation, mean, deviation, epochs)
    folded = kernel / deviation
    return Head(folded, float(bias - mean @ folded)), curves


def _moments(features: Array) -> tuple[Array, Array]:
    """Mean and deviation of each column, float32 (d,), summed in float64 piece by piece."""
    pieces = [features[at : at + PIECE] for at in range(0, len(features), PIECE)]
    mean = sum(piece.sum(axis=0, dtype=np.float64) for piece in pieces) / len(features)
    squares = sum(((piece - mean) ** 2).sum(axis=0) for piece in pieces) / len(features)
    return mean.astype(np.float32), np.maximum(np.sqrt(squares), LEAST).astype(np.float32)


def _fit(
    training: Labelled, validation: Labelled, mean: Array, deviation: Array, epochs: int
) -> tuple[Array, float, list[Row]]:
    """Kernel (d,), bias and curves of a logistic regression on standardised features with an L2 penalty, by Adam."""
    import keras

    head = keras.layers.Dense(
        1, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L2(PRIOR / len(training.inputs))
    )
    standard = keras.layers.Normalization(mean=mean, variance=deviation**2)
    network = keras.Sequential([keras.Input((training.inputs.shape[1],)), standard, head])
    batch = max(16, min(256, len(training.inputs) // STEPS))
    steps = math.ceil(len(training.inputs) / batch)
    network.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps * epochs)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    curves = curves_on(validation, epochs)
    network.fit(_batches(training, batch), epochs=epochs, verbose=0, callbacks=[curves])
    kernel, bias = head.get_weights()
    return kernel[:, 0], float(bias[0]), curves.rows


def _batches(training: Labelled, size: int) -> Any:
    """The training set as a keras.utils.PyDataset: in another order in each pass, the same in each run."""
    import keras

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._draw = np.random.default_rng(ORDER)
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(len(training.inputs) / size)

        def __getitem__(self, index: int) -> tuple[Array, Array]:
            rows = self._order[index * size :][:size]
            return training.inputs[rows], training.positive[rows].astype(np.float32).reshape(-1, 1)

        def on_epoch_end(self) -> None:
            self._order = self._draw.permutation(len(training.inputs))

    return Batches()
