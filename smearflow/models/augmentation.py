"""Random changes to training images, in memory: one affine map an image, then brightness.

The eight operators of Keras' ImageDataGenerator with its units, and quarter turns. What moves a cell is multiplied
into one matrix, so that an image is sampled once, however many operators are on; brightness then multiplies. Drawing
values (``drawn``) and applying them (``applied``) are apart, so that given values can be applied too.

Composed as ImageDataGenerator does: source = rotation * shift * shear * zoom * flip, about the picture's centre.
Where it departs, and why (tests/test_models_augmentation_lecture.py compares the two):

- What moves in from outside is black, like the crops' background. There, "nearest" by default smears the cell's rim.
- The width shift moves sideways. There, it moves up and down: the height's draw is applied to x (Keras 3.15).
- Pixels stay float32. There, brightness cuts them to whole numbers, and stretches the range of an image that isn't
  within 0-255 to 0-255 and back; its `random_brightness` stretches every image.
- At the border the picture blends with the black within one pixel. There, a pixel read from outside is black at once.
- A draw depends on the seed given and on nothing else, so batches can be changed in parallel, in any order, and
  repeated bit by bit. There, NumPy's global state decides.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from smearflow.settings import Augment

LOTS = 10  # random numbers an image: those of an operator stay when another is switched


@dataclass(frozen=True)
class Changes:
    """What is done to each image of a batch: tensors or arrays (n,), float32 but for flips (bool) and turns (int32)."""

    rotation: Any  # degrees
    width_shift: Any  # shares of the width: what is seen moves to the left where above 0
    height_shift: Any  # shares of the height: up where above 0
    shear: Any  # degrees
    zoom_width: Any  # scales of the view: below 1 enlarges
    zoom_height: Any
    horizontal_flip: Any
    vertical_flip: Any
    quarter_turns: Any  # 0-3
    brightness: Any  # factors


def augmentation_layer(augment: Augment) -> Any:
    """``augment`` as a Keras layer, called as ``layer(images, seed=seed)``: see ``augmented``.

    An operator alone is the layer of an ``Augment`` with nothing else on.
    """
    import keras

    class Augmentation(keras.layers.Layer):  # type: ignore[misc]  # keras comes without types
        """Changes images at random; has no weights."""

        def call(self, images: Any, seed: Any) -> Any:
            return augmented(images, augment, seed)

        def compute_output_shape(self, images_shape: Any, seed_shape: Any = None) -> Any:
            return images_shape

    return Augmentation(name="augmentation", trainable=False)


def augmented(images: Any, augment: Augment, seed: Any) -> Any:
    """A changed copy of a batch. ``images``: float32 (n, size, size, 3), 0-255; so is the result.

    ``seed``: two integers, a pair of Python's or a tensor (2,). The same seed gives the same change: a batch's number
    belongs in it.
    """
    import tensorflow as tf

    return applied(images, drawn(augment, tf.shape(images)[0], seed))


def augment_sheet(
    images: np.ndarray[Any, np.dtype[np.uint8]], augment: Augment, seed: int, copies: int
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """``copies`` changed versions of each image, for a contact sheet: (n, size, size, 3) to (n, copies, size, size, 3).

    Both uint8, 0-255.
    """
    import tensorflow as tf

    layer, pixels = augmentation_layer(augment), tf.constant(images, tf.float32)
    return np.stack([_whole_numbers(layer(pixels, seed=(seed, copy))) for copy in range(copies)], axis=1)


def changed(image: np.ndarray[Any, np.dtype[np.uint8]], changes: Changes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """One image (size, size, 3) in as many versions as ``changes`` has values: (n, size, size, 3), both uint8."""
    import tensorflow as tf

    copies = np.repeat(image[None], len(changes.rotation), axis=0)
    return _whole_numbers(applied(tf.constant(copies, tf.float32), changes))


def changed_by(
    images: np.ndarray[Any, np.dtype[np.uint8]], augment: Augment, lots: np.ndarray[Any, np.dtype[np.float32]]
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Images (n, size, size, 3), changed by what was drawn for each, (LOTS, n) from [0, 1); both uint8."""
    import tensorflow as tf

    return _whole_numbers(applied(tf.constant(images, tf.float32), _spread(augment, lots)))


def unchanged(count: int) -> Changes:
    """Changes that leave ``count`` images as they are: to replace single values in."""
    zeros, ones, never = (np.full(count, value, kind) for value, kind in ((0, "f4"), (1, "f4"), (False, "?")))
    return Changes(zeros, zeros, zeros, zeros, ones, ones, never, never, np.zeros(count, "i4"), ones)


def drawn(augment: Augment, count: Any, seed: Any) -> Changes:
    """Values for ``count`` images, evenly from the ranges of ``augment``; each axis of the zoom for itself."""
    import tensorflow as tf

    return _spread(augment, tf.random.stateless_uniform((LOTS, count), seed))


def _spread(augment: Augment, numbers: Any) -> Changes:
    """Values from ``numbers`` (LOTS, n), float32, which are drawn from [0, 1)."""
    import tensorflow as tf

    lots = tf.unstack(tf.convert_to_tensor(numbers), num=LOTS)
    return Changes(
        rotation=_between(lots[0], -augment.rotation, augment.rotation),
        width_shift=_between(lots[1], -augment.width_shift, augment.width_shift),
        height_shift=_between(lots[2], -augment.height_shift, augment.height_shift),
        shear=_between(lots[3], -augment.shear, augment.shear),
        zoom_width=_between(lots[4], *augment.zoom),
        zoom_height=_between(lots[5], *augment.zoom),
        horizontal_flip=lots[6] < (0.5 if augment.horizontal_flip else 0.0),
        vertical_flip=lots[7] < (0.5 if augment.vertical_flip else 0.0),
        quarter_turns=tf.cast(lots[8] * (4 if augment.quarter_turns else 1), tf.int32),
        brightness=_between(lots[9], *augment.brightness),
    )


def applied(images: Any, changes: Changes) -> Any:
    """``images`` (n, size, size, 3) float32, 0-255, with ``changes`` made. Flips and quarter turns alone are exact."""
    import tensorflow as tf

    size = images.shape[1]
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=_maps(changes, size),
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    return tf.minimum(moved * tf.reshape(changes.brightness, (-1, 1, 1, 1)), 255.0)


def _maps(changes: Changes, size: int) -> Any:
    """One row (8,) an image, float32: where in the source each pixel of the result is read.

    x' = a0 x + a1 y + a2; y' = b0 x + b1 y + b2; x to the right, y down, in pixels.
    """
    import tensorflow as tf

    rotation = _rotations(changes.rotation)
    linear = rotation @ _shears(changes.shear) @ _scales(changes.zoom_width, changes.zoom_height)
    linear = linear @ _scales(_mirrors(changes.horizontal_flip), _mirrors(changes.vertical_flip))
    linear = linear @ _quarter_turns(changes.quarter_turns)
    shift = size * tf.stack([changes.width_shift, changes.height_shift], axis=1)[:, :, None]
    centre = tf.fill((1, 2, 1), (size - 1) / 2)
    offset = centre - linear @ centre + rotation @ shift
    rows = tf.reshape(tf.concat([linear, offset], axis=2), (-1, 6))  # a0 a1 a2 b0 b1 b2
    return tf.pad(rows, [[0, 0], [0, 2]])


def _rotations(degrees: Any) -> Any:
    """(n, 2, 2)."""
    import tensorflow as tf

    angle = degrees * (np.pi / 180)
    return _matrices(tf.cos(angle), -tf.sin(angle), tf.sin(angle), tf.cos(angle))


def _shears(degrees: Any) -> Any:
    """(n, 2, 2): slants what is upright, and stretches it by 1 / cos, as ImageDataGenerator does."""
    import tensorflow as tf

    angle = degrees * (np.pi / 180)
    return _matrices(tf.ones_like(angle), -tf.sin(angle), tf.zeros_like(angle), tf.cos(angle))


def _scales(width: Any, height: Any) -> Any:
    """(n, 2, 2)."""
    import tensorflow as tf

    return _matrices(width, tf.zeros_like(width), tf.zeros_like(width), height)


def _quarter_turns(turns: Any) -> Any:
    """(n, 2, 2), exact, where cosines of right angles are not."""
    import tensorflow as tf

    cosine, sine = tf.gather([1.0, 0.0, -1.0, 0.0], turns), tf.gather([0.0, 1.0, 0.0, -1.0], turns)
    return _matrices(cosine, -sine, sine, cosine)


def _matrices(a: Any, b: Any, c: Any, d: Any) -> Any:
    """[[a, b], [c, d]] an image, float32 (n, 2, 2), from four of shape (n,)."""
    import tensorflow as tf

    return tf.reshape(tf.stack([a, b, c, d], axis=1), (-1, 2, 2))


def _mirrors(flipped: Any) -> Any:
    """-1 where flipped, else 1: float32 (n,)."""
    import tensorflow as tf

    return 1.0 - 2.0 * tf.cast(flipped, tf.float32)


def _between(lot: Any, low: float, high: float) -> Any:
    """Numbers from [0, 1) spread over [low, high)."""
    return low + lot * (high - low)


def _whole_numbers(pixels: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    whole: np.ndarray[Any, np.dtype[np.uint8]] = np.rint(pixels.numpy()).astype(np.uint8)
    return whole
