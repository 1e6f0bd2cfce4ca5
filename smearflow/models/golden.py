"""The golden batch of a bundle: pictures that travel with it, and what it says of them on the machine that made it.

Whoever loads the bundle elsewhere must hear the same again. The cells are synthetic: no patient's data may travel.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.smear_drawing import draw_cell, draw_slide
from smearflow.data.synthetic import encode_png
from smearflow.registry.golden import GOLDEN
from smearflow.registry.serving import load

CELLS = 16  # half of them infected
SIDE = 120  # pixels of the pictures that are no cells
SEED = 1337


def golden_pictures() -> list[bytes]:
    """CELLS synthetic cells of as many patients, a blank and a noise picture, as PNG: the same everywhere."""
    cells = []
    for number in range(CELLS):
        slide = draw_slide(np.random.default_rng([SEED, number]))
        cells.append(draw_cell(np.random.default_rng([SEED, number, 1]), slide, infected=number % 2 == 0).picture)
    noise = np.random.default_rng(SEED).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return [encode_png(picture) for picture in (*cells, np.zeros((SIDE, SIDE, 3), np.uint8), noise)]


def write_golden(bundle: Path) -> None:
    """Put the batch into ``bundle``: image (PNG), probability (calibrated, 0-1) and decision, a row a picture."""
    pictures = golden_pictures()
    said = load(bundle).predict(pictures)
    table = pd.DataFrame({"image": pictures, "probability": said["probability"], "decision": said["decision"]})
    table.to_parquet(bundle / GOLDEN, index=False)
