"""The augmentation sheet: originals beside what training sees. `python -m smearflow.models.sheet SPEC.json`.

A process of its own, as the trainer is: it runs the very operators of the training, on TensorFlow.
"""

import os
import sys
from pathlib import Path

import pandas as pd
from PIL import Image

from smearflow.data.sources import file_at
from smearflow.models.augmentation import augment_sheet
from smearflow.models.child import say, watch_parent
from smearflow.models.pixels import decode_files
from smearflow.models.spec import SheetSpec
from smearflow.report.pictures import contact_sheet

SIDE = 96  # pixels of a cell


def main(arguments: list[str]) -> int:
    """Draw the sheet that the spec asks for."""
    watch_parent()
    spec = SheetSpec.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8"))
    originals = decode_files(chosen(pd.read_parquet(spec.parts), spec), SIDE).pixels
    results = augment_sheet(originals, spec.augment, spec.seed, spec.copies)
    rows = [
        [Image.fromarray(cell) for cell in (one, *changed)] for one, changed in zip(originals, results, strict=True)
    ]
    spec.out.write_bytes(contact_sheet(rows, SIDE))
    say(f"drew {spec.copies} versions of {len(originals)} cells")
    return 0


def chosen(rows: pd.DataFrame, spec: SheetSpec) -> list[Path]:
    """Training images to show: as many of each class, drawn by the seed."""
    train = rows[rows["split"] == "train"]
    drawn = train.groupby("label").sample(spec.images // 2, random_state=spec.seed, replace=True)
    return [file_at(spec.root, path) for path in drawn["path"].drop_duplicates()]


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.exit(main(sys.argv[1:]))
