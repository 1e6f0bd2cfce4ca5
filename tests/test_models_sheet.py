"""The augmentation sheet: which cells it shows, and each operator by itself."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.models.operators import LECTURE, OPERATORS
from smearflow.models.sheet import chosen, drawing, fullest, strip
from smearflow.models.spec import SheetSpec
from smearflow.settings import Augment

ROWS = pd.DataFrame(
    {
        "path": [f"{label}/{n}.png" for label in ("Parasitized", "Uninfected") for n in range(10)],
        "label": ["Parasitized"] * 10 + ["Uninfected"] * 10,
        "split": ["train", "test"] * 10,
    }
)


def shown(seed):
    return chosen(ROWS, SheetSpec(parts="p", root="/cells", augment=Augment(), seed=seed, images=4, out="folder"))


def test_it_shows_training_images_of_both_classes_drawn_by_the_seed():
    files = shown(1)
    assert {file.parent.name for file in files} == {"Parasitized", "Uninfected"}
    assert all(int(file.stem) % 2 == 0 for file in files)
    assert files[0].is_relative_to(Path("/cells"))
    assert files == shown(1) != shown(2)


CELLS = np.random.default_rng(0).integers(100, 200, (2, 24, 24, 3), dtype=np.uint8)


def test_an_operator_is_shown_on_both_cells_from_its_weakest_value_to_its_strongest():
    brightness = next(each for each in OPERATORS if each.setting == "brightness")
    rows = strip(brightness, LECTURE, CELLS)
    assert [len(row) for row in rows] == [7, 7]
    for cell, row in zip(CELLS, rows, strict=True):
        assert np.allclose(row[0], cell * 0.1, atol=0.51)
        assert np.allclose(row[-1], cell * 0.9, atol=0.51)


def test_a_mirror_is_shown_beside_the_cell_as_it_is():
    flip = next(each for each in OPERATORS if each.setting == "horizontal_flip")
    (as_it_is, mirrored), _ = strip(flip, LECTURE, CELLS)
    assert np.array_equal(as_it_is, CELLS[0])
    assert np.array_equal(mirrored, CELLS[0][:, ::-1])


def test_a_strip_has_a_square_for_each_strength():
    turns = next(each for each in OPERATORS if each.setting == "quarter_turns")
    with Image.open(io.BytesIO(drawing(strip(turns, LECTURE, CELLS)))) as picture:
        assert picture.size == (4 * 98 + 2, 2 * 98 + 2)


def test_the_cell_that_fills_its_picture_most_is_the_one_to_judge_by():
    cut = CELLS.copy()
    cut[0, :10] = 0
    assert np.array_equal(fullest(cut), CELLS[1])
