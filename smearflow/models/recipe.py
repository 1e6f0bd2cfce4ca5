"""What the settings say of fitting, as Keras takes it: the loss, the learning rate and the weights of the classes."""

from typing import Any

from smearflow.models.fitted import Array
from smearflow.settings import Train

FOCUS = 2.0  # exponent of the focal loss (Lin et al. 2017, "Focal loss for dense object detection")


def loss_of(how: Train) -> Any:
    """The Keras loss of a logit (n, 1)."""
    import keras

    if how.loss == "binary_focal_crossentropy":
        focal = keras.losses.BinaryFocalCrossentropy
        return focal(gamma=FOCUS, from_logits=True, label_smoothing=how.label_smoothing)
    return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=how.label_smoothing)


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
