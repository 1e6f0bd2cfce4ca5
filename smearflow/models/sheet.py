"""Augmentation in pictures: what training sees, and each operator by itself. `python -m smearflow.models.sheet SPEC`.

A process of its own, as the trainer is: it runs the very operators of the training, on TensorFlow.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.data.sources import file_at
from smearflow.models.augmentation import augment_sheet, changed, unchanged
from smearflow.models.child import say, watch_parent
from smearflow.models.operators import OPERATORS, Operator, strengths
from smearflow.models.pixels import decode_files
from smearflow.models.spec import SheetSpec
from smearflow.report.pictures import contact_sheet
from smearflow.settings import Augment

SIDE = 96  # pixels of a cell

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def main(arguments: list[str]) -> int:
    """Draw the sheet and the strips that the spec asks for."""
    watch_parent()
    spec = SheetSpec.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8"))
    originals = decode_files(chosen(pd.read_parquet(spec.parts), spec), SIDE).pixels
    changes = augment_sheet(originals, spec.augment, spec.seed, spec.copies)
    rows = [[one, *copies] for one, copies in zip(originals, changes, strict=True)]
    (spec.out / "sheet.png").write_bytes(drawing(rows))
    middle = len(originals) // 2
    shown = np.stack([fullest(originals[: middle or None]), fullest(originals[middle:])])
    for operator in OPERATORS:
        (spec.out / f"{operator.setting}.png").write_bytes(drawing(strip(operator, spec.augment, shown)))
    say(f"drew {spec.copies} versions of {len(originals)} cells, and {len(OPERATORS)} operators by themselves")
    return 0


def fullest(cells: Pixels) -> Pixels:
    """The one of ``cells`` (n, size, size, 3) that is least black: a whole cell, whose form is easily judged."""
    whole: Pixels = cells[np.argmax(cells.any(axis=3).sum(axis=(1, 2)))]
    return whole


def strip(operator: Operator, augment: Augment, cells: Pixels) -> list[list[Pixels]]:
    """A row for each of ``cells`` (n, size, size, 3): what the operator makes of it at each strength."""
    steps = strengths(operator, augment)
    still = unchanged(len(steps))
    fields = {
        name: np.array([step.values[name] for step in steps], getattr(still, name).dtype) for name in steps[0].values
    }
    return [list(changed(cell, replace(still, **fields))) for cell in cells]


def drawing(rows: list[list[Pixels]]) -> bytes:
    """Rows of cells as a PNG."""
    return contact_sheet([[Image.fromarray(cell) for cell in row] for row in rows], SIDE)


def chosen(rows: pd.DataFrame, spec: SheetSpec) -> list[Path]:
    """Training images to show: as many of each class, drawn by the seed."""
    train = rows[rows["split"] == "train"]
    drawn = train.groupby("label").sample(spec.images // 2, random_state=spec.seed, replace=True)
    return [file_at(spec.root, path) for path in drawn["path"].drop_duplicates()]


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.exit(main(sys.argv[1:]))
