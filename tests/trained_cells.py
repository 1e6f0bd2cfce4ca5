"""A split of small drawn cells, and the spec of a training on it, for the tests of the models room."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.models.backbones import resolve
from smearflow.models.spec import TrainSpec
from smearflow.settings import Augment, Lecture, Model, Train

CLASSES = ("Parasitized", "Uninfected")
SIDE = 32


def cell(seed: int, infected: bool) -> Image.Image:
    """A pale disc on black, ``SIDE`` pixels square; with a dark spot somewhere where it is infected."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    pixels = np.array([210, 160, 170]) + draw.normal(0, 5, (SIDE, SIDE, 3))
    if infected:
        down, right = draw.integers(9, SIDE - 14, 2)
        pixels[down : down + 5, right : right + 5] = (90, 30, 130)
    pixels[(x**2 + y**2) > 0.9] = 0
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def split_of_cells(folder: Path, images: int = 160) -> Path:
    """Draw ``images`` cells of 10 patients below ``folder``, 6 in train, 2 in val, 2 in test; the table's path."""
    rows = []
    for index in range(images):
        label, patient = CLASSES[index % 2], index // 2 % 10
        path = folder / label / f"C{patient}_IMG_{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cell(index, label == CLASSES[0]).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        split = "train" if patient < 6 else "val" if patient < 8 else "test"
        rows.append((path.relative_to(folder).as_posix(), digest, label, f"C{patient}", split))
    table = folder / "split.parquet"
    pd.DataFrame(rows, columns=["path", "sha256", "label", "group", "split"]).to_parquet(table, index=False)
    return table


def with_turned_labels(table: Path) -> Path:
    """``table``, now with the wrong label on one cell of every training patient's."""
    rows = pd.read_parquet(table)
    turned = rows[rows["split"] == "train"].drop_duplicates("group").index
    rows.loc[turned, "label"] = np.where(rows.loc[turned, "label"] == CLASSES[0], CLASSES[1], CLASSES[0])
    rows.to_parquet(table)
    return table


def spec_of(table: Path, out: Path, weights_file: Path | None = None, **model: object) -> TrainSpec:
    """A short training on the split at ``table``; ``model`` are keys of an entry of `models`."""
    how, lecture = Train(epochs=8, batch_size=16, learning_rate=0.01), Lecture(epochs_scale=0.1, batch_size=16)
    asked = Model.model_validate({"input_size": SIDE, **model})
    return TrainSpec(
        parts=table,
        root=table.parent,
        classes=CLASSES,
        positive=CLASSES[0],
        model=resolve(asked, None, how, lecture),
        weights_file=weights_file,
        augment=Augment(),
        train=how,
        lecture=lecture if asked.recipe == "lecture" else None,
        out=out,
        threads=1,
    )
