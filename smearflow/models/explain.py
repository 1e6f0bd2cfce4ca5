"""Where a network sees what speaks for infection: a heat map an image, at a layer fine enough to mean something.

What each place of a layer's map adds to the logit, compared with the same cell wiped plain: gradient times difference
from that reference (Shrikumar et al. 2017, "Learning Important Features Through Propagating Activation Differences"),
summed over channels as HiResCAM does (Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful
explanations"); only what speaks for the positive class counts. Without the reference the outline of the cell, which
frozen layers answer to and a head's intercept makes up for, hides the parasite (benchmarks/explained.py: MobileNet's
peak lay on it in 9 of 100 synthetic cells, and in 91 with it). Grad-CAM, which averages the gradient over the picture,
loses a small parasite altogether. An ensemble's map is the mean of its members'.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from smearflow.data.images import above_background
from smearflow.models.cuts import is_activation, side_of
from smearflow.models.fitted import Array

FINEST = 5  # a map must have a fifth as many cells a side as the picture has pixels, or more
BATCH = 64  # images at a time: a gradient holds every map above the layer


@dataclass(frozen=True)
class Heat:
    """Maps float32 (n, side, side): each image's heat, 0 or more, 1 in all, or 0 where nothing speaks for infection.

    ``resolution``: cells a side of the coarsest layer that they rest on.
    """

    maps: Array
    resolution: int

    @property
    def peaks(self) -> Array:
        """Where each map, softened, is hottest: x and y, float (n, 2), shares of width and height; NaN without heat."""
        side = self.maps.shape[1]
        down, along = np.divmod(softened(self.maps).reshape(len(self.maps), -1).argmax(axis=1), side)
        some = self.maps.any(axis=(1, 2))
        return np.where(some.reshape(-1, 1), np.stack([along + 0.5, down + 0.5], axis=1) / side, np.nan)

    def inside(self, cells: Array) -> Array:
        """The share of the heat that lies on the cell, float (n,), 0-1, NaN without heat.

        ``cells``: how much of each place is cell, 0-1, of ``cells_of``.
        """
        return np.where(self.maps.any(axis=(1, 2)), (self.maps * cells).sum(axis=(1, 2)), np.nan)


class Explainer:
    """Makes heat maps of what ``network`` (pixels to probability) sees. The network is this one's alone: it changes it.

    Needs TensorFlow as Keras' backend.
    """

    def __init__(self, network: Any) -> None:
        import keras

        self._parts = []
        for member in members_of(network):
            member.layers[-1].activation = keras.activations.linear  # a sure probability has no slope left
            layer = layer_to_watch(member)
            self._parts.append((_heating(member, layer), side_of(layer)))
        sides = [side for _, side in self._parts]
        self.side, self.resolution = max(sides), min(sides)

    def __call__(self, pixels: Array) -> Heat:
        """The heat of pixels uint8 (n, size, size, 3)."""
        maps = np.zeros((len(pixels), self.side, self.side), np.float32)
        for at in range(0, len(pixels), BATCH):
            batch = pixels[at : at + BATCH]
            pair = batch.astype(np.float32), wiped(batch).astype(np.float32)
            for heating, _ in self._parts:
                maps[at : at + BATCH] += finished(heating(*pair).numpy(), self.side) / len(self._parts)
        return Heat(maps, self.resolution)


def members_of(network: Any) -> list[Any]:
    """The networks that ``network`` is the mean of, each from pixels to a probability; itself where it is none."""
    import keras

    inside = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    return [each for each in inside if _is_probability(each)] or [network]


def layer_to_watch(network: Any) -> Any:
    """The last activation of ``network`` whose map has a FINEST-th as many cells a side as the picture has pixels."""
    least = network.input.shape[1] // FINEST
    fine = [layer for layer in _layers(network) if is_activation(layer) and side_of(layer) >= least]
    if not fine:
        raise AssertionError(f"{network.name} has no layer to show heat at")  # a bug of ours
    return fine[-1]


def finished(raw: Array, side: int) -> Array:
    """Heat (n, side, side) of what each place adds (n, s, s): what speaks for infection, 1 in all."""
    import cv2

    heat = np.maximum(raw, 0)
    if raw.shape[1] != side:
        heat = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_LINEAR) for each in heat])
    total = heat.sum(axis=(1, 2), keepdims=True)
    return np.asarray(heat / np.where(total > 0, total, 1), np.float32)


def softened(maps: Array) -> Array:
    """Maps (n, s, s) blurred by a place: a parasite lies across several, and its middle is meant."""
    import cv2

    soft = [cv2.GaussianBlur(each, (0, 0), 1.0, borderType=cv2.BORDER_CONSTANT) for each in maps]
    return np.asarray(soft, np.float32).reshape(maps.shape)


def cells_of(pixels: Array, side: int) -> Array:
    """How much of each place is cell and not background, float32 (n, side, side), 0-1, of pixels uint8."""
    import cv2

    masks = (above_background(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY)) / np.float32(255) for each in pixels)
    shares = [cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA) for mask in masks]
    return np.asarray(shares, np.float32).reshape(-1, side, side)


def wiped(pixels: Array) -> Array:
    """The same cells, each of its mean colour throughout: uint8 (n, size, size, 3). Background stays."""
    import cv2

    plain = pixels.copy()
    for picture in plain:
        cell = above_background(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        picture[cell > 0] = np.rint(cv2.mean(picture, mask=cell)[:3])
    return plain


def _heating(network: Any, layer: Any) -> Callable[[Array, Array], Any]:
    """What each place of ``layer`` adds to the logit, a tensor (n, s, s).

    A function of pixels and of the same wiped plain, float32 (n, size, size, 3) each.
    """
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def heating(pixels: Any, plain: Any) -> Any:
        _, before = _watched(network, layer, plain, lambda made: None)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            logit, seen = _watched(network, layer, pixels, tape.watch)
        return tf.reduce_sum(tape.gradient(logit, seen) * (seen - before), axis=-1)

    return lambda pixels, plain: heating(tf.constant(pixels), tf.constant(plain))


def _watched(network: Any, layer: Any, pixels: Any, watch: Callable[[Any], None]) -> tuple[Any, Any]:
    """The logits of ``pixels``, and the map of ``layer`` on the way there, which is given to ``watch``.

    The layer may lie in a model within the network, out of reach of a Keras model that would give out both.
    """
    seen: list[Any] = []
    call = layer.call

    def noted(*inputs: Any, **options: Any) -> Any:
        made = call(*inputs, **options)
        watch(made)
        seen.append(made)
        return made

    layer.call = noted
    try:
        logit = network(pixels, training=False)
    finally:
        del layer.call  # the class's own again
    return logit, seen[-1]


def _is_probability(network: Any) -> bool:
    return len(network.outputs) == 1 and tuple(network.outputs[0].shape[1:]) == (1,)


def _layers(network: Any) -> Iterator[Any]:
    """The layers of ``network`` and of the models in it, in the order in which they are run."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer
