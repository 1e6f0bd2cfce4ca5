"""How an image becomes a probability: the same code in training, in scoring and in every registered model.

A copy of this file travels in each bundle, so it imports nothing of ours: NumPy, pandas, Pillow, and Keras once a
network is needed. A bundle is a folder of model.json (name, input_size, classes, positive, threshold; calibration,
unsure and novelty where it has them), model.keras (preprocessing inside, pixels in, probability of the positive class
out), novelty.npz where it tells strangers from cells, and this file.
"""

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

BATCH = 128  # images decoded and scored at a time: 128 of 150x150 are 9 MB
UNSURE = "unsure"  # decision on a cell whose probability is too near to the threshold
STRANGE = "out_of_distribution"  # decision on an image that is unlike the cells that were trained on
NOVELTY = "novelty.npz"  # in a bundle: what tells such images
BACKGROUND = 12 / 255  # grey up to this is background
WHITE = 235 / 255  # above this it is white


class UnreadableError(ValueError):
    """The bytes are not an image that can be decoded to its end."""


# What Pillow lets through from its decoders, met with broken files of each format.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def to_rgb(image: Image.Image) -> Image.Image:
    """``image`` upright, in mode RGB: transparency laid on black (the crops' background), 16 bits cut to 8."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "RGB" and "transparency" not in upright.info:
        return upright
    if upright.mode.startswith("I"):
        deep = np.asarray(upright)
        return Image.fromarray((np.clip(deep, 0, 65535) >> 8).astype(np.uint8)).convert("RGB")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        black = Image.new("RGBA", layer.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, layer).convert("RGB")
    return upright.convert("RGB")


def decode(data: bytes, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of an encoded image as uint8 (size, size, 3), 0-255, stretched to a square (aspect isn't kept).

    Raises UnreadableError, with what the decoder said.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            rgb = to_rgb(image)
            if rgb.size != (size, size):
                rgb = rgb.resize((size, size), Image.Resampling.BILINEAR)
            return np.array(rgb, dtype=np.uint8)
    except DECODER_ERRORS as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from None


LEAST = 1e-7  # a probability nearer to 0 or 1 counts as this far: its logit would be infinite


def calibrated(
    probability: np.ndarray[Any, np.dtype[np.float64]], calibration: Mapping[str, Any] | None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What a network's ``probability`` (n,) is worth: the share of such images that are positive. NaN stays NaN.

    ``calibration``: kind `temperature` with `temperature`, by which the logit is divided; or kind `isotonic` with the
    points `x`, `y` between which lies a straight line; None leaves it as it is. Order is kept.
    """
    if calibration is None:
        return probability
    if calibration["kind"] == "isotonic":
        levels = np.interp(probability, calibration["x"], calibration["y"])
        return np.where(np.isnan(probability), np.nan, levels)
    inside = np.clip(probability, LEAST, 1 - LEAST)
    logit = (np.log(inside) - np.log1p(-inside)) / calibration["temperature"]
    return np.asarray(0.5 * (1 + np.tanh(logit / 2)))


@dataclass(frozen=True)
class Novelty:
    """How unlike the training set an image is: its Mahalanobis distance (Lee et al. 2018) along the main axes.

    ``centre`` (d,) and ``axes`` (d, k), float32: mean and whitened axes of what the training images are described by,
    the features that the network's heads read and the statistics of the pixels. ``threshold``: the distance from which
    on an image is a stranger.
    """

    centre: np.ndarray[Any, np.dtype[np.float32]]
    axes: np.ndarray[Any, np.dtype[np.float32]]
    threshold: float

    def distance(self, described: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Distances (n,), about 1 within the training set, of images described by (n, d)."""
        along = (described - self.centre) @ self.axes
        return np.asarray(np.sqrt(np.mean(along**2, axis=1)))


class Classifier:
    """A bundle ready to score encoded images. The network is read at the first use."""

    def __init__(self, folder: Path) -> None:
        facts: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.folder = folder
        self.name: str = facts["name"]
        self.input_size: int = facts["input_size"]
        self.classes: tuple[str, ...] = tuple(facts["classes"])
        self.positive: str = facts["positive"]
        self.negative: str = next(c for c in self.classes if c != self.positive)
        self.threshold: float = facts["threshold"]  # of the calibrated probability
        self.calibration: dict[str, Any] | None = facts.get("calibration")
        self.unsure: list[float] | None = facts.get("unsure")  # of the calibrated probability: from, and below
        self.novelty: Novelty | None = _novelty_of(folder, facts)
        self._network: Any = None
        self._described: Any = None

    @property
    def network(self) -> Any:
        """The Keras model: (n, input_size, input_size, 3) of 0-255 in, (n, 1) probabilities out."""
        if self._network is None:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            import keras

            self._network = keras.models.load_model(self.folder / "model.keras", compile=False, safe_mode=True)
            _without_xla(self._network)
        return self._network

    def probabilities(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Calibrated probability of the positive class, float64 (n,), of pixels (n, size, size, 3), 0-255."""
        scores = [
            np.asarray(self.network.predict_on_batch(pixels[at : at + BATCH].astype(np.float32)))
            for at in range(0, len(pixels), BATCH)
        ]
        raw = np.concatenate([np.empty((0, 1)), *scores])[:, 0].astype(np.float64)
        return calibrated(raw, self.calibration)

    def described(
        self, pixels: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
        """Calibrated probabilities (n,), and what novelty goes by (n, d), of pixels (n, size, size, 3), n above 0."""
        if self._described is None:
            self._described = with_features(self.network)
        raw, rows = [], []
        for at in range(0, len(pixels), BATCH):
            batch = pixels[at : at + BATCH]
            said, features = self._described.predict_on_batch(batch.astype(np.float32))
            raw.append(np.asarray(said)[:, 0])
            rows.append(np.concatenate([np.asarray(features), statistics(batch)], axis=1))
        probability = calibrated(np.concatenate(raw).astype(np.float64), self.calibration)
        return probability, np.concatenate(rows).astype(np.float64)

    def judged(
        self, pixels: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.bool_]]]:
        """Calibrated probabilities, and which images are strangers, (n,) each, of pixels (n, size, size, 3), 0-255."""
        if self.novelty is None or not len(pixels):
            return self.probabilities(pixels), np.zeros(len(pixels), bool)
        probability, rows = self.described(pixels)
        return probability, self.novelty.distance(rows) >= self.novelty.threshold

    def predict(self, images: "pd.DataFrame | Sequence[bytes]") -> pd.DataFrame:
        """One row an encoded image: label (the class at the threshold), probability of the positive class, decision.

        ``images``: a frame with the column ``image``, or a list of bytes. Rows keep their order (and the frame its
        index). An image that can't be decoded has nulls.
        """
        index = images.index if isinstance(images, pd.DataFrame) else pd.RangeIndex(len(images))
        encoded = list(images["image"]) if isinstance(images, pd.DataFrame) else list(images)
        batches = [self._scored(encoded[at : at + BATCH]) for at in range(0, len(encoded), BATCH)]
        probability = np.concatenate([np.empty(0), *(said for said, _ in batches)])
        strange = np.concatenate([np.empty(0, bool), *(strangers for _, strangers in batches)])
        return self.decided(probability, strange, index)

    def decided(
        self, probability: np.ndarray[Any, Any], strange: np.ndarray[Any, Any], index: pd.Index
    ) -> pd.DataFrame:
        """The frame of ``predict`` for probabilities (n,) in which NaN stands for an unreadable image.

        The decision is the label, unless an image is a stranger, or else a cell of which the classifier is unsure.
        """
        readable = ~np.isnan(probability)
        names = np.where(probability >= self.threshold, self.positive, self.negative)
        low, high = self.unsure or (np.inf, np.inf)
        decision = np.where((probability >= low) & (probability < high), UNSURE, names)
        decision = np.where(strange, STRANGE, decision)
        label, decided = (pd.Series(each, index=index).where(readable) for each in (names, decision))
        scores = pd.Series(probability, index=index)
        return pd.DataFrame({"label": label, "probability": scores, "decision": decided})

    def _scored(
        self, encoded: Sequence[Any]
    ) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.bool_]]]:
        """Probabilities (n,) of one batch, NaN where the bytes are unreadable, and which images are strangers (n,)."""
        pixels = [_pixels_or_none(data, self.input_size) for data in encoded]
        readable = np.array([p is not None for p in pixels], dtype=bool)
        scores, strange = np.full(len(encoded), np.nan), np.zeros(len(encoded), bool)
        if readable.any():
            scores[readable], strange[readable] = self.judged(np.stack([p for p in pixels if p is not None]))
        return scores, strange


def load(folder: Path | str) -> Classifier:
    """The classifier of the bundle at ``folder``. Raises OSError or KeyError where it is no bundle."""
    return Classifier(Path(folder))


def _pixels_or_none(data: Any, size: int) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    try:
        return decode(data, size)
    except UnreadableError:
        return None


def with_features(network: Any) -> Any:
    """A Keras model of two outputs: what ``network`` says (n, 1), and what its heads read, side by side (n, d).

    A head is a dense layer of one unit; an ensemble has one in each member.
    """
    import keras

    heads = list(_heads(network))

    class WithFeatures(keras.Model):  # type: ignore[misc]
        def call(self, pixels: Any) -> tuple[Any, Any]:
            read: list[Any] = []
            for head in heads:
                head.call = _noting(head.call, read)
            try:
                said = network(pixels, training=False)
            finally:
                for head in heads:
                    del head.call  # the class's own again
            return said, keras.ops.concatenate(read, axis=-1)

    model = WithFeatures()
    _without_xla(model)
    return model


def _heads(network: Any) -> Iterator[Any]:
    """Every dense layer of one unit in ``network``, and in the models inside it, in their order."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _heads(layer)
        elif getattr(layer, "units", None) == 1:
            yield layer


def _noting(call: Any, read: list[Any]) -> Any:
    """``call`` that puts what it is given into ``read``."""

    def noted(inputs: Any, *rest: Any, **options: Any) -> Any:
        read.append(inputs)
        return call(inputs, *rest, **options)

    return noted


def statistics(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """20 plain figures of each picture, float64 (n, 20), of pixels (n, size, size, 3), 0-255.

    Mean and deviation of each channel over the picture, and over what isn't background; how much grey changes from
    pixel to pixel, along, down, at its roughest, and the logarithms; the share that is cell, and that is white.
    Networks that were trained to find parasites overlook much of what makes a picture none of a cell.
    """
    side = pixels.shape[1]
    flat = pixels.reshape(len(pixels), -1, 3).astype(np.float32) / np.float32(255)
    grey = flat @ np.full(3, 1 / 3, np.float32)
    cell = (grey > BACKGROUND).astype(np.float32)
    total, inside = np.full(len(pixels), side * side), np.maximum(cell.sum(axis=1), 1)
    squares = flat**2
    on_cell = [np.matmul(cell[:, None], each)[:, 0] for each in (flat, squares)]
    colours = [
        *_mean_and_deviation(flat.sum(axis=1), squares.sum(axis=1), total),
        *_mean_and_deviation(on_cell[0], on_cell[1], inside),
    ]
    square = grey.reshape(-1, side, side)
    steps = square[:, :, 1:] - square[:, :, :-1]
    along = np.abs(steps).mean(axis=(1, 2))
    down = np.abs(square[:, 1:] - square[:, :-1]).mean(axis=(1, 2))
    rough = np.sqrt((steps**2).mean(axis=(1, 2)))
    texture = [along, down, rough, np.log(1e-3 + along), np.log(1e-3 + down), np.log(1e-3 + rough)]
    shares = [cell.mean(axis=1), (grey > WHITE).mean(axis=1)]
    return np.concatenate([*colours, np.stack([*texture, *shares], axis=1)], axis=1).astype(np.float64)


def _mean_and_deviation(total: Any, squares: Any, count: Any) -> tuple[Any, Any]:
    """Of values by the sums (n, c) of them and of their squares, over ``count`` (n,) each."""
    mean = total / count[:, None]
    return mean, np.sqrt(np.maximum(squares / count[:, None] - mean**2, 0))


def _novelty_of(folder: Path, facts: Mapping[str, Any]) -> Novelty | None:
    if "novelty" not in facts:
        return None
    with np.load(folder / NOVELTY, allow_pickle=False) as stored:
        return Novelty(stored["centre"], stored["axes"], float(facts["novelty"]["threshold"]))


def _without_xla(model: Any) -> None:
    """Let TensorFlow run ``model`` as it is: XLA takes seconds for each new number of images, and other roundings."""
    import keras

    if keras.backend.backend() == "tensorflow":
        model.jit_compile = False
