"""How an image becomes a probability: the same code in training, in scoring and in every registered model.

A copy of this file travels in each bundle, so it imports nothing of ours: NumPy, pandas, Pillow, and Keras once a
network is needed. A bundle is a folder of model.json (name, input_size, classes, positive, threshold, calibration),
model.keras (preprocessing inside, pixels in, probability of the positive class out) and this file.
"""

import io
import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

BATCH = 128  # images decoded and scored at a time: 128 of 150x150 are 9 MB


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
        self._network: Any = None

    @property
    def network(self) -> Any:
        """The Keras model: (n, input_size, input_size, 3) of 0-255 in, (n, 1) probabilities out."""
        if self._network is None:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            import keras

            self._network = keras.models.load_model(self.folder / "model.keras", compile=False)
        return self._network

    def probabilities(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Calibrated probability of the positive class, float64 (n,), of pixels (n, size, size, 3), 0-255."""
        scores = [
            np.asarray(self.network.predict_on_batch(pixels[at : at + BATCH].astype(np.float32)))
            for at in range(0, len(pixels), BATCH)
        ]
        raw = np.concatenate([np.empty((0, 1)), *scores])[:, 0].astype(np.float64)
        return calibrated(raw, self.calibration)

    def predict(self, images: "pd.DataFrame | Sequence[bytes]") -> pd.DataFrame:
        """One row an encoded image: label (the class at the threshold), probability of the positive class, decision.

        ``images``: a frame with the column ``image``, or a list of bytes. Rows keep their order (and the frame its
        index). An image that can't be decoded has nulls.
        """
        index = images.index if isinstance(images, pd.DataFrame) else pd.RangeIndex(len(images))
        encoded = list(images["image"]) if isinstance(images, pd.DataFrame) else list(images)
        batches = [self._scored(encoded[at : at + BATCH]) for at in range(0, len(encoded), BATCH)]
        return self.decided(np.concatenate([np.empty(0), *batches]), index)

    def decided(self, probability: np.ndarray[Any, Any], index: pd.Index) -> pd.DataFrame:
        """The frame of ``predict`` for probabilities (n,) in which NaN stands for an unreadable image."""
        names = np.where(probability >= self.threshold, self.positive, self.negative)
        label = pd.Series(names, index=index).where(~np.isnan(probability))
        scores = pd.Series(probability, index=index)
        return pd.DataFrame({"label": label, "probability": scores, "decision": label})

    def _scored(self, encoded: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Probabilities (n,) of one batch, NaN where the bytes are unreadable."""
        pixels = [_pixels_or_none(data, self.input_size) for data in encoded]
        readable = np.array([p is not None for p in pixels], dtype=bool)
        scores = np.full(len(encoded), np.nan)
        if readable.any():
            scores[readable] = self.probabilities(np.stack([p for p in pixels if p is not None]))
        return scores


def load(folder: Path | str) -> Classifier:
    """The classifier of the bundle at ``folder``. Raises OSError or KeyError where it is no bundle."""
    return Classifier(Path(folder))


def _pixels_or_none(data: Any, size: int) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    try:
        return decode(data, size)
    except UnreadableError:
        return None
