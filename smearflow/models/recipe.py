"""What the settings say of fitting, as Keras takes it: the loss, the learning rate and what each image weighs."""

from typing import Any

import numpy as np

from smearflow.models.fitted import Array, Labelled
from smearflow.settings import Train

FOCUS = 2.0  # exponent of the focal loss (Lin et al. 2017, "Focal loss for dense object detection")
# Of the generalised cross-entropy (Zhang & Sabuncu 2018, "Generalized cross entropy loss for training deep neural
# networks with noisy labels"): towards 0 it is the cross-entropy, at 1 the mean absolute error.
EXPONENT = 0.7
SMOOTHER = 0.1  # smoothing for networks that are to learn in spite of wrong labels


def loss_of(how: Train) -> Any:
    """The Keras loss of a logit (n, 1)."""
    import keras

    if how.loss == "binary_focal_crossentropy":
        focal = keras.losses.BinaryFocalCrossentropy
        return focal(gamma=FOCUS, from_logits=True, label_smoothing=how.label_smoothing)
    if how.loss == "generalised_crossentropy":
        return lambda truth, logit: generalised(smoothed(truth, how.label_smoothing), logit)
    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=how.label_smoothing)


def generalised(truth: Any, logit: Any) -> Any:
    """(1 - p^q) / q of each image, q = EXPONENT, p the probability of its own class; mixed where ``truth`` is.

    ``truth``: 0-1, (n, 1). From the logit (n, 1), so that nothing is lost where p is near 0 or 1. Returns (n,).
    """
    from keras import ops

    def lost(own: Any) -> Any:
        return -ops.expm1(-EXPONENT * ops.softplus(-own)) / EXPONENT

    return ops.squeeze(truth * lost(logit) + (1 - truth) * lost(-logit), -1)


def smoothed(truth: Any, smoothing: float) -> Any:
    """``truth``, 0 or 1, moved towards 0.5 as Keras' own losses do."""
    return truth * (1 - smoothing) + smoothing / 2


def in_spite(how: Train, way: str) -> Train:
    """``how`` for a network that learns in spite of wrong labels in a ``way`` of `labels.robust` that is a recipe.

    The same where the way isn't: smoothing and generalised_ce are.
    """
    if way == "smoothing":
        return how.model_copy(update={"label_smoothing": max(SMOOTHER, how.label_smoothing)})
    return how.model_copy(update={"loss": "generalised_crossentropy"}) if way == "generalised_ce" else how


def rate_of(how: Train, steps: int) -> Any:
    """The learning rate of an optimiser that takes so many steps in all: a number, or a Keras schedule."""
    import keras

    if how.schedule == "constant":
        return how.learning_rate
    return keras.optimizers.schedules.CosineDecay(how.learning_rate, steps)


def class_weights(positive: Array, how: Train) -> tuple[float, float] | None:
    """What a negative and a positive image weigh in the loss; None where all weigh 1.

    Balanced: n / (2 n of its class), so that the weights' mean is 1. ``positive``: bool (n,) of the training set.
    """
    if how.class_weights == "none":
        return None
    infected = int(positive.sum())
    return len(positive) / (2 * max(1, len(positive) - infected)), len(positive) / (2 * max(1, infected))


def weights_of(training: Labelled, how: Train) -> Array | None:
    """What each of ``training`` weighs in the loss, by its class and by itself, float (n,); None where all weigh 1."""
    weighing = class_weights(training.positive, how)
    if weighing is None:
        return training.weight
    by_class = np.where(training.positive, weighing[1], weighing[0])
    return by_class if training.weight is None else by_class * training.weight
