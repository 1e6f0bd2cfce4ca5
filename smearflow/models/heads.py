"""The linear head on cached features: a logistic regression, its standardising folded into the weights.

Written in NumPy: a step is two products of a few thousand numbers, and Keras takes ten times as long to arrange one as
to compute it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smearflow.models.child import say
from smearflow.models.curves import measured
from smearflow.models.fitted import Array, Labelled, Row
from smearflow.models.recipe import EXPONENT, FOCUS, class_weights
from smearflow.models.stopping import account, best_of, is_over
from smearflow.settings import Train

STEPS = 22  # an epoch, about: as many as batches of 256 give for 5,700 images
RATE = 3e-3  # of Adam at the start; falls to 0 by a cosine
PRIOR = 50  # images that the L2 penalty weighs as much as: 50 / n on the kernel, a Gaussian prior of deviation 0.1
PIECE = 4096  # rows of features that are read at a time
ORDER = 1  # seed of the order of images in each pass: the head hardly feels it
MOMENTS = (0.9, 0.999)  # of Adam: how slowly its averages of gradients and of their squares move
TINY = 1e-7  # added to Adam's divisor
PLAIN = Train()  # a head's own recipe, where no settings say otherwise
LEAST = 1e-4  # a deviation below this counts as this: features are rounded at 1e-7, which must not be blown up


@dataclass(frozen=True)
class Head:
    """A linear head on raw features: probability = sigmoid(features @ kernel + bias)."""

    kernel: Array  # float32 (d,)
    bias: float

    def logits(self, features: Array) -> Array:
        """Float64 (n,) of features (n, d), which may be a memory map."""
        logits = np.empty(len(features))
        for at in range(0, len(features), PIECE):
            logits[at : at + PIECE] = features[at : at + PIECE].astype(np.float64) @ self.kernel + self.bias
        return logits

    def probability(self, features: Array) -> Array:
        """Probability of the positive class, float64 (n,), of features (n, d)."""
        return np.exp(-np.logaddexp(0, -self.logits(features)))


@dataclass(frozen=True)
class Scale:
    """What standardises features: their mean and deviation in the training set, float32 (d,) each."""

    mean: Array
    deviation: Array

    def of(self, features: Array) -> Array:
        """Standardised features, float32 (n, d)."""
        centred = features - self.mean
        centred /= self.deviation
        return centred

    def folded(self, weights: Array) -> Head:
        """The head on raw features that says what ``weights`` (d + 1,), the bias last, say of standardised ones."""
        kernel = weights[:-1] / self.deviation
        return Head(kernel, float(weights[-1] - self.mean @ kernel))


class Adam:
    """Kingma & Ba 2015, as Keras takes its steps, at RATE, which falls to 0 by a cosine or stays."""

    def __init__(self, size: int, steps: int, falls: bool = True) -> None:
        self.weights = np.zeros(size, np.float32)
        self._steps, self._step, self._falls = steps, 0, falls
        self._mean, self._square = np.zeros(size, np.float32), np.zeros(size, np.float32)

    def descend(self, gradient: Array) -> None:
        """One step against ``gradient``, float32 (size,)."""
        slow, slower = MOMENTS
        rate = RATE * (1 + math.cos(math.pi * self._step / self._steps)) / 2 if self._falls else RATE
        self._step += 1
        self._mean += (1 - slow) * (gradient - self._mean)
        self._square += (1 - slower) * (gradient**2 - self._square)
        rate *= math.sqrt(1 - slower**self._step) / (1 - slow**self._step)
        self.weights -= np.float32(rate) * self._mean / (np.sqrt(self._square) + np.float32(TINY))


@dataclass(frozen=True)
class FittedHead:
    """A head, its curves, and what a person should know of how its fitting ended."""

    head: Head
    curves: list[Row]
    note: str | None


def fit_head(training: Labelled, validation: Labelled, epochs: int, how: Train = PLAIN, views: int = 1) -> FittedHead:
    """A head on features standardised by the training set's mean and deviation.

    Of ``how`` count the loss, the schedule, the weights of the classes, and after how many epochs without a lower
    validation loss it stops, with the best epoch's weights. The features may be memory maps: they are read batch by
    batch. Of each image there are ``views``, which are evidence of one image: the penalty weighs as without them.
    Prints a line an epoch.
    """
    scale = _scale(training.inputs)
    curves: list[Row] = []
    heads: list[Head] = []
    for weights, loss, accuracy in _passes(training, scale, epochs, how, views):
        heads.append(scale.folded(weights))
        row = {"epoch": len(curves) + 1, "loss": loss, "accuracy": accuracy}
        curves.append(row | measured(validation, heads[-1].logits(validation.inputs)))
        say(f"epoch {len(curves)}/{epochs} loss {loss:.4f} val_auc {curves[-1]['val_auc']:.4f}")
        if is_over(curves, how.patience):
            break
    if how.patience is None:
        return FittedHead(heads[-1], curves, None)
    return FittedHead(heads[best_of(curves) - 1], curves, account(curves, epochs, how.patience))


def plain_head(training: Labelled, epochs: int) -> Head:
    """The head that ``fit_head`` would fit by its own recipe, without curves or a word."""
    scale = _scale(training.inputs)
    *_, (weights, _, _) = _passes(training, scale, epochs, PLAIN, 1)
    return scale.folded(weights)


def _scale(features: Array) -> Scale:
    """Mean and deviation of each column, summed in float64 piece by piece."""
    pieces = [features[at : at + PIECE] for at in range(0, len(features), PIECE)]
    mean = sum(piece.sum(axis=0, dtype=np.float64) for piece in pieces) / len(features)
    squares = sum(((piece - mean) ** 2).sum(axis=0) for piece in pieces) / len(features)
    return Scale(mean.astype(np.float32), np.maximum(np.sqrt(squares), LEAST).astype(np.float32))


def _passes(
    training: Labelled, scale: Scale, epochs: int, how: Train, views: int
) -> Iterator[tuple[Array, float, float]]:
    """After each pass: the weights (d + 1,), the bias last, and the mean loss and accuracy of its steps.

    A logistic regression with an L2 penalty on the kernel. The order changes with each pass, and is the same in each
    run.
    """
    images = len(training.inputs)
    prior = PRIOR * views / images
    size = max(16, min(256, images // STEPS))
    adam = Adam(training.inputs.shape[1] + 1, epochs * math.ceil(images / size), falls=how.schedule == "cosine")
    draw = np.random.default_rng(ORDER)
    weighing = class_weights(training.positive, how)
    for _ in range(epochs):
        order, lost, right = draw.permutation(images), 0.0, 0
        for at in range(0, images, size):
            rows = order[at : at + size]
            positive, features = training.positive[rows], scale.of(training.inputs[rows])
            logits = features @ adam.weights[:-1] + adam.weights[-1]
            losses, slopes = LOSSES[how.loss](logits, positive)
            if weighing:
                weight = np.where(positive, weighing[1], weighing[0])
                losses, slopes = losses * weight, slopes * weight
            gradient = _gradient(features, slopes)
            gradient[:-1] += 2 * prior * adam.weights[:-1]
            lost += float(losses.sum()) + prior * float(adam.weights[:-1] @ adam.weights[:-1]) * len(rows)
            right += int(np.sum((logits > 0) == positive))
            adam.descend(gradient)
        yield adam.weights, lost / images, right / images


def _gradient(features: Array, slopes: Array) -> Array:
    """Of the mean loss of a batch by the weights, float32 (d + 1,), from its slopes by the logits (n,)."""
    off = slopes.astype(np.float32) / len(features)
    return np.append(off @ features, off.sum())


def cross_entropy(logits: Array, positive: Array) -> tuple[Array, Array]:
    """The loss of each image, nats, and its slope by the logit, (n,) each."""
    return np.logaddexp(0, logits) - positive * logits, np.exp(-np.logaddexp(0, -logits)) - positive


def focal(logits: Array, positive: Array) -> tuple[Array, Array]:
    """The same of (1 - p) ** FOCUS times the cross-entropy, p the probability of an image's own class."""
    side = np.where(positive, 1.0, -1.0)
    surprise = np.logaddexp(0, -side * logits)  # -log p
    p, off = np.exp(-surprise), np.exp(-np.logaddexp(0, side * logits))  # and 1 - p, which may be tiny
    return off**FOCUS * surprise, -side * off**FOCUS * (off + FOCUS * p * surprise)


def generalised(logits: Array, positive: Array) -> tuple[Array, Array]:
    """The same of (1 - p ** EXPONENT) / EXPONENT, p the probability of an image's own class."""
    side = np.where(positive, 1.0, -1.0)
    own = -EXPONENT * np.logaddexp(0, -side * logits)  # log p ** EXPONENT
    return -np.expm1(own) / EXPONENT, -side * np.exp(own - np.logaddexp(0, side * logits))


LOSSES = {
    "binary_crossentropy": cross_entropy,
    "binary_focal_crossentropy": focal,
    "generalised_crossentropy": generalised,
}
