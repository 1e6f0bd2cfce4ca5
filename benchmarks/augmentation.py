"""How fast training images are changed: our layer, Keras' own layers for the same operators, ImageDataGenerator.

    .venv/bin/python -m benchmarks.augmentation [--side N] [--images N] [--rounds N]

All with the lecture's eight operators, in batches of 32 through tf.data, as training takes them; ImageDataGenerator
works an image at a time in Python. The three take turns, and the best round of each is shown.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from smearflow.models.augmentation import augmentation_layer
from smearflow.models.operators import LECTURE

BATCH = 32
BLACK = {"fill_mode": "constant", "fill_value": 0.0}
EIGHT = LECTURE.model_copy(update={"quarter_turns": False})

Pixels = np.ndarray[Any, np.dtype[np.float32]]


def ours(pixels: Pixels) -> Callable[[], None]:
    """One matrix an image: sampled once."""
    import tensorflow as tf

    layer = augmentation_layer(EIGHT)
    return passing(pixels, lambda number, batch: layer(batch, seed=tf.stack([1, number])))


def keras_layers(pixels: Pixels) -> Callable[[], None]:
    """A layer an operator: sampled four times. Keras counts turns in circles, and shear by shares of the side."""
    import keras

    layers = [
        keras.layers.RandomRotation(EIGHT.rotation / 360, **BLACK),
        keras.layers.RandomTranslation(EIGHT.height_shift, EIGHT.width_shift, **BLACK),
        keras.layers.RandomShear(EIGHT.shear / 45, 0.0, **BLACK),
        keras.layers.RandomZoom((-0.5, 0.5), (-0.5, 0.5), **BLACK),
        keras.layers.RandomFlip("horizontal_and_vertical"),
    ]

    def change(number: Any, batch: Any) -> Any:
        import tensorflow as tf

        for layer in layers:
            batch = layer(batch, training=True)
        factor = tf.random.stateless_uniform((tf.shape(batch)[0], 1, 1, 1), (1, number), *EIGHT.brightness)
        return tf.minimum(batch * factor, 255.0)

    return passing(pixels, change)


def image_data_generator(pixels: Pixels) -> Callable[[], None]:
    """The lecture's, in NumPy and SciPy."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rotation_range=EIGHT.rotation,
        width_shift_range=EIGHT.width_shift,
        height_shift_range=EIGHT.height_shift,
        shear_range=EIGHT.shear,
        zoom_range=EIGHT.zoom,
        horizontal_flip=True,
        vertical_flip=True,
        brightness_range=EIGHT.brightness,
        fill_mode="constant",
    )
    flow = generator.flow(pixels, batch_size=BATCH, shuffle=False)

    def once() -> None:
        for number in range(len(flow)):
            flow[number]

    return once


def passing(pixels: Pixels, change: Callable[[Any, Any], Any]) -> Callable[[], None]:
    """One pass over ``pixels``, changed in parallel, in order, as in training."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(pixels).batch(BATCH).enumerate()
    changed = batches.map(lambda n, b: change(tf.cast(n, tf.int32), b), num_parallel_calls=2, deterministic=True)

    def once() -> None:
        for _ in changed.prefetch(2):
            pass

    return once


def rate(work: Callable[[], None], images: int) -> float:
    """Images a second."""
    started = time.perf_counter()
    work()
    return images / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    pixels = np.random.default_rng(0).uniform(0, 255, (given.images, given.side, given.side, 3)).astype(np.float32)
    works = {
        "our layer": ours(pixels),
        "Keras' layers": keras_layers(pixels),
        "generator": image_data_generator(pixels),
    }
    for work in works.values():
        work()  # traced, and warm
    rates = {name: max(rate(work, given.images) for _ in range(given.rounds)) for name, work in works.items()}
    print(f"{given.images:,} images of {given.side} px, {os.cpu_count()} cores, best of {given.rounds} rounds")
    for name, found in rates.items():
        print(f"{name:14} {found:8,.0f} images/s   ours is {rates['our layer'] / found:5.1f} times as fast")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
