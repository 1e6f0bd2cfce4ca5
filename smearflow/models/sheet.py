"""The augmentation sheet: originals beside what training sees. `python -m smearflow.models.sheet SPEC.json`.

A process of its own, as the trainer is: it runs the very operators of the training, on TensorFlow.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.models.augmentation import augment_sheet
from smearflow.models.child import say, watch_parent
from smearflow.models.pixels import decode_files
from smearflow.models.spec import SheetSpec

SIDE = 96  # pixels of a cell
GAP = 4  # pixels between two cells

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def main(arguments: list[str]) -> int:
    """Draw the sheet that the spec asks for."""
    watch_parent()
    spec = SheetSpec.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8"))
    rows = pd.read_parquet(spec.parts)
    originals = decode_files(chosen(rows, spec), SIDE).pixels
    results = augment_sheet(originals, spec.augment, spec.seed, spec.copies)
    Image.fromarray(laid_out(originals, results)).save(spec.out)
    say(f"drew {spec.copies} versions of {len(originals)} cells")
    return 0


def chosen(rows: pd.DataFrame, spec: SheetSpec) -> list[Path]:
    """Training images to show: as many of each class, drawn by the seed."""
    train = rows[rows["split"] == "train"]
    drawn = train.groupby("label").sample(spec.images // 2, random_state=spec.seed, replace=True)
    return [spec.root / path for path in drawn["path"].drop_duplicates()]


def laid_out(originals: Pixels, results: Pixels) -> Pixels:
    """A row a cell on white: the original, a wider gap, its changed versions. Shapes as in ``augment_sheet``."""
    count, copies = results.shape[:2]
    sheet = np.full((count * (SIDE + GAP) - GAP, (copies + 1) * (SIDE + GAP) + 2 * GAP, 3), 255, np.uint8)
    for row in range(count):
        top = row * (SIDE + GAP)
        for column, cell in enumerate([originals[row], *results[row]]):
            left = column * (SIDE + GAP) + (3 * GAP if column else 0)
            sheet[top : top + SIDE, left : left + SIDE] = cell
    return sheet


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.exit(main(sys.argv[1:]))
