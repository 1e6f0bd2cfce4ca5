"""Augment in Prefect's page: words and pictures of each operator, small enough for an artifact."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smearflow.models.operators import LECTURE, OPERATORS
from smearflow.models.sheet import drawing, strip
from smearflow.settings import Augment
from tasks.augment import Augmentation, says


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of two discs with soft noise, of the sizes that the sheet's process draws."""
    folder = tmp_path_factory.mktemp("augment")
    cells = np.stack([disc(seed) for seed in (0, 1)])
    (folder / "sheet.png").write_bytes(drawing([[*cells, *cells, *cells, *cells]] * 6))
    for operator in OPERATORS:
        (folder / f"{operator.setting}.png").write_bytes(drawing(strip(operator, LECTURE, cells)))
    return folder


def disc(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 40, (32, 32, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(noise).resize((96, 96))) + np.array([170, 120, 140], np.uint8)
    soft[np.hypot(*(np.mgrid[:96, :96] - 47.5)) > 45] = 0
    return soft


def test_it_shows_each_operator_and_stays_small(folder: Path) -> None:
    told = says(Augmentation(Augment(), folder))
    assert told.count("data:image/jpeg;base64,") == 10
    assert len(told) < 300_000
    assert (
        "**Shear** (off, shown as the lecture has it). Slants the cell: a disc becomes an oval. At 20 degrees" in told
    )
    assert "Beyond" not in told


def test_it_says_what_goes_beyond_real_cells(folder: Path) -> None:
    assert says(Augmentation(LECTURE, folder)).count("> **Beyond real cells.**") == 5
