"""The networks: two that are trained whole, and frozen backbones cut where their layers still see small textures.

All take pixels (n, size, size, 3), 0-255, and hold their own preprocessing, in layers that Keras itself brings: a
saved model loads where this repository isn't.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smearflow.errors import SettingsError, TrainingError
from smearflow.models.backbones import Backbone, Preprocessing
from smearflow.settings import Model

# Means and deviations of ImageNet's channels (keras.applications' own constants), 0-255 for caffe, 0-1 for torch.
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


def compact(size: int, initializer: str = "glorot_uniform") -> Any:
    """98,289 parameters at any size: four blocks of convolution, then the strongest response anywhere in the cell.

    ``initializer`` draws the convolutions. Returns the Keras model from pixels to a logit (n, 1).
    """
    import keras
    from keras import layers

    pixels = keras.Input((size, size, 3), name="pixels")
    x = layers.Rescaling(1 / 255)(pixels)
    for filters in (16, 32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer=initializer)(x)
        x = layers.MaxPooling2D()(x)  # before the normalising: half the time of a step, and no worse
        x = layers.BatchNormalization(momentum=0.95)(x)  # 300 steps are enough for its averages
        x = layers.ReLU()(x)
    x = layers.GlobalMaxPooling2D()(x)
    x = layers.Dropout(0.3)(x)
    # From zero: a random kernel on maxima starts at a loss of 1.2, and with some seeds stalls there for 300 steps.
    logit = layers.Dense(1, kernel_initializer="zeros", dtype="float32")  # whatever the other layers compute in
    return keras.Model(pixels, logit(x), name="compact")


def simple_cnn(size: int, initializer: str = "glorot_uniform", dropout: float = 0.3) -> Any:
    """The lecture's network: 21,590,593 parameters at 150 px, nearly all in its first dense layer.

    Returns the Keras model from pixels to a logit (n, 1).
    """
    import keras
    from keras import layers

    drawn = {"kernel_initializer": initializer}
    pixels = keras.Input((size, size, 3), name="pixels")
    x = layers.Rescaling(1 / 255)(pixels)
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", **drawn)(x)
        x = layers.Dropout(dropout)(layers.MaxPooling2D()(x))
    x = layers.MaxPooling2D()(layers.Conv2D(128, 3, padding="same", activation="relu", **drawn)(x))
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dropout(dropout)(layers.Dense(512, activation="relu", **drawn)(x))
    return keras.Model(pixels, layers.Dense(1, dtype="float32", **drawn)(x), name="simple_cnn")


WHOLE = {"compact": compact, "simple_cnn": simple_cnn}


def preprocessed(pixels: Any, mode: Preprocessing) -> Any:
    """Pixels 0-255 RGB as the backbone saw them in its own training (keras.applications' four conventions)."""
    import keras
    from keras import layers

    if mode == "tf":
        return layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    if mode == "torch":
        scale = [1 / (255 * d) for d in TORCH_DEVIATION_RGB]
        offset = [-m / d for m, d in zip(TORCH_MEAN_RGB, TORCH_DEVIATION_RGB, strict=True)]
        return layers.Rescaling(scale, offset=offset)(pixels)
    if mode == "caffe":
        return layers.Rescaling(1.0, offset=[-m for m in CAFFE_MEAN_BGR])(keras.ops.flip(pixels, axis=-1))
    return pixels


def features_of(row: Backbone, model: Model, weights_file: Path | None) -> Any:
    """The frozen part: pixels to features (n, d), average and maximum over the picture of each layer in the cut.

    Raises TrainingError (permanent) where the weights don't fit, SettingsError where the cut names an unknown layer.
    """
    import keras
    from keras import layers

    if model.input_size == "auto" or model.cut == "auto":
        raise AssertionError(f"{row.name}: its cut and size are to be compared first")  # a bug of ours
    backbone = backbone_of(row, model.input_size, weights_file)
    cut = model.cut if isinstance(model.cut, tuple) else (backbone.layers[-1].name,)
    taps = [_layer(backbone, name).output for name in cut]
    frozen = keras.Model(backbone.input, taps, name=row.name.lower())
    frozen.trainable = False
    pixels = keras.Input((model.input_size, model.input_size, 3), name="pixels")
    maps = frozen(preprocessed(pixels, row.preprocessing), training=False)
    pools = pooled(maps if isinstance(maps, list) else [maps])
    return keras.Model(pixels, compressed(layers.Concatenate()(pools)), name="features")


def pooled(maps: Sequence[Any]) -> list[Any]:
    """The average and the maximum over the picture of each map (n, height, width, channels): (n, channels) each."""
    from keras import layers

    pools = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)
    return [pool()(each) for each in maps for pool in pools]


def boundary(features: Any) -> str:
    """Names of the layers at which ``features`` is cut, joined by +."""
    return "+".join(inner_of(features).output_names)


def inner_of(features: Any) -> Any:
    """The backbone up to its taps, inside a model of features."""
    import keras

    return next(layer for layer in features.layers if isinstance(layer, keras.Model))


def with_probability(network: Any) -> Any:
    """``network`` with a sigmoid after its logit: what is saved and served."""
    import keras

    return keras.Model(network.input, keras.layers.Activation("sigmoid", name="probability")(network.output))


def with_head(features: Any, kernel: Any, bias: float) -> Any:
    """The whole model from pixels to a probability: ``features``, then a linear head of these weights (d,)."""
    import keras

    head = keras.layers.Dense(1, activation="sigmoid", name="probability")
    model = keras.Model(features.input, head(features.output))
    head.set_weights([kernel.reshape(-1, 1), np.array([bias], np.float32)])
    return model


def backbone_of(row: Backbone, size: int | None, weights_file: Path | None) -> Any:
    """The network of keras.applications without its top, with the weights of the file, or random ones.

    Raises TrainingError (permanent) where they don't fit.
    """
    import keras

    keras.utils.clear_session()  # else a second one of a name has layers of other names: activation_95, not activation
    build = getattr(keras.applications, row.name)
    backbone = build(input_shape=(size, size, 3), include_top=False, weights=None)
    if weights_file is None:
        return backbone
    _load(backbone, row, weights_file)
    if row.name.startswith("EfficientNet"):
        _divide_by_deviation(backbone)
    return backbone


def _load(backbone: Any, row: Backbone, weights_file: Path) -> None:
    """Load every weight. Keras only warns of layers that the file doesn't hold: their kernels stay as drawn."""
    drawn = _kernel_sums(backbone)
    try:
        backbone.load_weights(weights_file)
        kept = [path for path, total in _kernel_sums(backbone).items() if total == drawn[path]]
        if kept:
            raise ValueError(f"it holds no weights of {', '.join(kept[:3])}")
    except (ValueError, OSError, KeyError) as error:
        raise TrainingError(
            f"{weights_file} does not fit {row.name}: {str(error).splitlines()[0][:300]}",
            f"Give weights of {row.name} without its top, or weights: imagenet, or weights: random.",
            permanent=True,
        ) from None


def _kernel_sums(backbone: Any) -> dict[str, float]:
    """The sum of each convolution kernel, by its path: changed, as good as surely, when it was loaded."""
    return {w.path: float(np.sum(w)) for w in backbone.weights if w.path.endswith("kernel")}


def _divide_by_deviation(backbone: Any) -> None:
    """What keras.applications adds to an EfficientNet with ImageNet weights only: these were trained on pixels
    divided by the variance, where its Normalization layer divides by the deviation (tensorflow issue 49930)."""
    import keras

    layer = next(each for each in backbone.layers if isinstance(each, keras.layers.Normalization))
    layer.variance = layer.variance * keras.ops.reshape(keras.ops.array(TORCH_DEVIATION_RGB), (1, 1, 1, 3))


def compressed(features: Any) -> Any:
    """sign(x) log(1 + |x|): a few strong responses don't outweigh the rest (+0.001 accuracy on real cells)."""
    from keras import ops

    return ops.sign(features) * ops.log(1 + ops.abs(features))


def _layer(backbone: Any, name: str) -> Any:
    known = [layer.name for layer in backbone.layers]
    if name in known:
        return backbone.get_layer(name)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known[-3:]
    raise SettingsError(f"models: {backbone.name} has no layer {name!r} to cut at", f"Nearest: {', '.join(near)}")
