"""The augmentation sheet: which cells it shows."""

from pathlib import Path

import pandas as pd

from smearflow.models.sheet import chosen
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
    return chosen(ROWS, SheetSpec(parts="p", root="/cells", augment=Augment(), seed=seed, images=4, out="sheet.png"))


def test_it_shows_training_images_of_both_classes_drawn_by_the_seed():
    files = shown(1)
    assert {file.parent.name for file in files} == {"Parasitized", "Uninfected"}
    assert all(int(file.stem) % 2 == 0 for file in files)
    assert files[0].is_relative_to(Path("/cells"))
    assert files == shown(1) != shown(2)
