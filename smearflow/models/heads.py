"""The linear head on cached features: fitted with Keras in seconds, its standardising folded into the weights."""

import math
from dataclasses import dataclass

import numpy as np

from smearflow.models.curves import curves_on
from smearflow.models.fitted import Array, Labelled, Row

STEPS = 22  # an epoch, about: as many as batches of 256 give for 5,700 images
RATE = 3e-3  # of Adam at the start; falls to 0 by a cosine
PRIOR = 50  # images that the L2 penalty weighs as much as: 50 / n on the kernel, a Gaussian prior of deviation 0.1
LEAST = 1e-4  # a deviation below this counts as this: features are rounded at 1e-7, which must not be blown up


@dataclass(frozen=True)
class Head:
    """A linear head on raw features: probability = sigmoid(features @ kernel + bias)."""

    kernel: Array  # float32 (d,)
    bias: float

    def probability(self, features: Array) -> Array:
        """Probability of the positive class, float64 (n,), of features (n, d)."""
        logits = features.astype(np.float64) @ self.kernel + self.bias
        return np.exp(-np.logaddexp(0, -logits))


def fit_head(training: Labelled, validation: Labelled, epochs: int) -> tuple[Head, list[Row]]:
    """A head on features standardised by the training set's mean and deviation, and its curves."""
    mean = training.inputs.mean(axis=0)
    deviation = np.maximum(training.inputs.std(axis=0), LEAST)
    standard = (Labelled((each.inputs - mean) / deviation, each.positive) for each in (training, validation))
    kernel, bias, curves = _fit(next(standard), next(standard), epochs)
    folded = kernel / deviation
    return Head(folded, float(bias - mean @ folded)), curves


def _fit(training: Labelled, validation: Labelled, epochs: int) -> tuple[Array, float, list[Row]]:
    """Kernel (d,), bias and curves of a logistic regression with an L2 penalty, by Adam."""
    import keras

    head = keras.layers.Dense(
        1, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L2(PRIOR / len(training.inputs))
    )
    network = keras.Sequential([keras.Input((training.inputs.shape[1],)), head])
    batch = max(16, min(256, len(training.inputs) // STEPS))
    steps = math.ceil(len(training.inputs) / batch)
    network.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps * epochs)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    curves = curves_on(validation, epochs)
    truth = training.positive.astype(np.float32)
    network.fit(training.inputs, truth, batch_size=batch, epochs=epochs, verbose=0, callbacks=[curves])
    kernel, bias = head.get_weights()
    return kernel[:, 0], float(bias[0]), curves.rows
