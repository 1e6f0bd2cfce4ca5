"""Pictures that are none of a blood cell, to see whether a classifier tells them: photographs, noise, text, nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np

from smearflow.models.fitted import Array

Draw = np.random.Generator
SIDES = 90, 240  # pixels of a picture before it is brought to a network's size
WORDS = ("Patient", "4711", "slide B", "thin film", "Giemsa", "100x", "negative", "ward", "report of", "the laboratory")


def strangers(size: int, count: int, seed: int = 0) -> dict[str, Array]:
    """``count`` pictures of each kind, uint8 (count, size, size, 3), the same for the same seed."""
    kinds = {"photographs": _photographs(), "noise": _noise, "text": _text, "blank": _blank}
    return {
        name: np.stack([_resized(draws(np.random.default_rng([seed, number])), size) for number in range(count)])
        for name, draws in kinds.items()
    }


def _photographs() -> Callable[[Draw], Array]:
    """Crops, large and small, of scikit-learn's two sample photographs: a temple and a flower."""
    from sklearn.datasets import load_sample_images

    photographs = load_sample_images()["images"]

    def crop(draw: Draw) -> Array:
        picture = photographs[draw.integers(len(photographs))]
        side = int(draw.integers(40, min(picture.shape[:2]) + 1))
        top, left = (int(draw.integers(length - side + 1)) for length in picture.shape[:2])
        return np.asarray(picture[top : top + side, left : left + side])

    return crop


def _noise(draw: Draw) -> Array:
    """Each pixel by lot: in colour or grey, even or about a mean."""
    side, channels = int(draw.integers(*SIDES)), int(draw.choice((1, 3)))
    shape = (side, side, channels)
    even = draw.random() < 0.5
    values = draw.integers(0, 256, shape) if even else draw.normal(draw.uniform(60, 200), draw.uniform(15, 60), shape)
    return np.asarray(np.broadcast_to(values, (side, side, 3)).clip(0, 255), np.uint8)


def _text(draw: Draw) -> Array:
    """Lines of words, dark on light or light on dark."""
    from PIL import Image, ImageDraw, ImageFont

    side, dark = int(draw.integers(*SIDES)), draw.random() < 0.5
    paper, ink = ((0, 0, 0), (255, 255, 255)) if dark else ((255, 255, 255), (0, 0, 0))
    picture = Image.new("RGB", (side, side), paper)
    letters = int(draw.integers(10, 28))
    for top in range(4, side, letters + int(draw.integers(2, 8))):
        words = " ".join(draw.choice(WORDS, 8))
        ImageDraw.Draw(picture).text((int(draw.integers(8)), top), words, ink, ImageFont.load_default(letters))
    return np.asarray(picture)


def _blank(draw: Draw) -> Array:
    """One colour throughout: black, white, that of a cell, or any."""
    any_colour = tuple(draw.integers(0, 256, 3).tolist())
    colour = ((0, 0, 0), (255, 255, 255), (205, 155, 168), any_colour)[draw.integers(4)]
    return np.full((SIDES[0], SIDES[0], 3), colour, np.uint8)


def _resized(pixels: Array, size: int) -> Any:
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))
