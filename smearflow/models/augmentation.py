"""Random changes to training images, in memory: one affine map an image, then brightness.

Flip, quarter turn, shift and zoom are multiplied into one matrix, so that an image is sampled once; what moves in
from outside is black, like the crops' background. Brightness multiplies: adding would turn that background grey, a
cell that can't exist. With flips and turns alone, pixels are exact.
"""

from typing import Any

import numpy as np

from smearflow.settings import Augment


def augmented(images: Any, augment: Augment, seed: Any) -> Any:
    """A changed copy of a batch. ``images``: float32 (n, size, size, 3), 0-255; so is the result.

    ``seed``: two integers (a tensor or a pair). The same seed gives the same change: a batch's number belongs in it.
    """
    import tensorflow as tf

    count, size = tf.shape(images)[0], images.shape[1]
    seeds = tf.unstack(tf.random.split(seed, 2), num=2)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=_transforms(count, size, augment, seeds[0]),
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    low, high = augment.brightness
    if low == high == 1.0:
        return moved
    factor = tf.random.stateless_uniform((count, 1, 1, 1), seeds[1], low, high)
    return tf.minimum(moved * factor, 255.0)


def augment_sheet(
    images: np.ndarray[Any, np.dtype[np.uint8]], augment: Augment, seed: int, copies: int
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """``copies`` changed versions of each image, for a contact sheet: (n, size, size, 3) to (n, copies, size, size, 3).

    Both uint8, 0-255.
    """
    import tensorflow as tf

    pixels = tf.constant(images, tf.float32)
    rounds = [augmented(pixels, augment, (seed, copy)) for copy in range(copies)]
    return np.stack([np.rint(r.numpy()).astype(np.uint8) for r in rounds], axis=1)


def _transforms(count: Any, size: int, augment: Augment, seed: Any) -> Any:
    """One row (8,) an image, float32: where in the source each pixel of the result is read.

    x' = a0 x + a1 y + a2; y' = b0 x + b1 y + b2; the linear part is zoom * turn * flip about the picture's centre.
    """
    import tensorflow as tf

    seeds = tf.unstack(tf.random.split(seed, 5), num=5)
    turn = tf.random.stateless_uniform((count,), seeds[0], 0, 4 if augment.quarter_turns else 1, tf.int32)
    cosine = tf.gather([1.0, 0.0, -1.0, 0.0], turn)  # exact, where tf.cos is not
    sine = tf.gather([0.0, 1.0, 0.0, -1.0], turn)
    mirror_x = _mirror(count, augment.horizontal_flip, seeds[1])
    mirror_y = _mirror(count, augment.vertical_flip, seeds[2])
    zoom = tf.random.stateless_uniform((count,), seeds[3], *augment.zoom)
    reach = size * tf.constant([[augment.width_shift], [augment.height_shift]])
    shift = tf.random.stateless_uniform((2, count), seeds[4], -1.0, 1.0) * reach
    a0, a1 = zoom * cosine * mirror_x, -zoom * sine * mirror_y
    b0, b1 = zoom * sine * mirror_x, zoom * cosine * mirror_y
    centre = (size - 1) / 2
    a2 = centre - centre * (a0 + a1) + shift[0]
    b2 = centre - centre * (b0 + b1) + shift[1]
    zero = tf.zeros((count,))
    return tf.stack([a0, a1, a2, b0, b1, b2, zero, zero], axis=1)


def _mirror(count: Any, wanted: bool, seed: Any) -> Any:
    """-1 or 1 an image, float32 (n,)."""
    import tensorflow as tf

    if not wanted:
        return tf.ones((count,))
    return 1.0 - 2.0 * tf.cast(tf.random.stateless_uniform((count,), seed, 0, 2, tf.int32), tf.float32)
