"""Networks whose weights the tests set themselves: they find what is more blue than red, a drawn parasite."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from smearflow.registry import serving
from tests.trained_cells import CLASSES, SIDE

SURE = 8.0  # the logit of an image with a spot; without one it is -SURE


def spotter(sure: float = SURE, nested: bool = False) -> Any:
    """Pixels (n, SIDE, SIDE, 3) to the probability of a spot; ``nested``: its layers in a model within."""
    import keras
    from keras import layers

    convolution = layers.Conv2D(1, 1, activation="relu", name="blue_over_red")
    pixels = keras.Input((SIDE, SIDE, 3), name="pixels")
    maps = keras.Model(pixels, convolution(pixels), name="inner")(pixels) if nested else convolution(pixels)
    head = layers.Dense(1, activation="sigmoid", name="probability")
    network = keras.Model(pixels, head(layers.GlobalMaxPooling2D()(maps)), name="spotter")
    convolution.set_weights([np.array([-1, 0, 1], np.float32).reshape(1, 1, 3, 1) / 40, np.zeros(1, np.float32)])
    head.set_weights([np.array([[2 * sure]], np.float32), np.array([-sure], np.float32)])
    return network


def bundle_of(network: Any, folder: Path, **facts: Any) -> Path:
    """A bundle of ``network`` at ``folder``, whose model.json says ``facts`` too."""
    folder.mkdir(parents=True)
    network.save(folder / "model.keras")
    (folder / "serving.py").write_bytes(Path(serving.__file__).read_bytes())
    known = {"name": "spotter", "input_size": SIDE, "classes": CLASSES, "positive": CLASSES[0], "threshold": 0.5}
    (folder / "model.json").write_text(json.dumps(known | facts))
    return folder


def drawn_weights(folder: Path) -> Path:
    """Weights of MobileNet as it draws them: a file like any other."""
    import keras

    path = folder / "drawn.weights.h5"
    keras.applications.MobileNet(input_shape=(SIDE, SIDE, 3), include_top=False, weights=None).save_weights(path)
    return path
