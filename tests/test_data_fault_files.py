"""Each way in which a file goes wrong is told for what it is, whatever the cell."""

from pathlib import Path

import numpy as np
import pytest

from smearflow.data.fault_files import CONVERTED, OF_ONE_FILE, Fault
from smearflow.data.images import measure
from smearflow.data.smear_drawing import draw_cell, draw_slide
from smearflow.settings import Quality


def written(folder: Path, fault: Fault, seed: int) -> Path:
    """The file that ``fault`` makes of a drawn cell."""
    draw = np.random.default_rng(seed)
    path = folder / f"cell{fault.suffix}"
    path.write_bytes(fault.make(draw_cell(draw, draw_slide(draw), infected=seed % 2 == 0).picture))
    return path


@pytest.mark.parametrize("fault", OF_ONE_FILE, ids=lambda fault: f"{fault.reason}: {fault.what}")
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_recognised_whatever_the_cell(fault: Fault, seed: int, tmp_path: Path) -> None:
    assert measure(written(tmp_path, fault, seed), Quality())["reason"] == fault.reason


@pytest.mark.parametrize("fault", CONVERTED, ids=lambda fault: fault.what)
@pytest.mark.parametrize("seed", range(3))
def test_a_cell_that_is_stored_otherwise_is_used_and_named(fault: Fault, seed: int, tmp_path: Path) -> None:
    row = measure(written(tmp_path, fault, seed), Quality())
    assert (row.get("reason"), row["converted"]) == (None, fault.what)
