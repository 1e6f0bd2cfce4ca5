"""What is planted among the drawn cells, and that the scan says of each file what was planted."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from smearflow.data.images import measure
from smearflow.data.manifest import REASONS
from smearflow.data.scanning import scan
from smearflow.data.smear_drawing import draw_cell, draw_slide
from smearflow.data.sources import list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.data.synthetic_faults import OF_ONE_FILE, Fault
from smearflow.settings import Data, Demo, Quality


@pytest.fixture(scope="module")
def smear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "smear"
    draw_cells(folder, Demo(images=60, patients=6, faults=True))
    return folder


def planted(folder: Path) -> dict[str, str]:
    with (folder / "faults.csv").open(newline="") as file:
        return {row["path"]: row["reason"] for row in csv.DictReader(file)}


def test_each_reason_of_the_vocabulary_is_planted(smear: Path) -> None:
    # root reads everything; the second only where `duplicates.near` drops, the third only by a rule of a team's own
    not_planted = {"unreadable", "near_duplicate", "contract"}
    assert set(REASONS) - set(planted(smear).values()) <= not_planted
    assert all((smear / path).is_file() for path in planted(smear))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_planted_for_those_whom_it_stops(smear: Path) -> None:
    assert "unreadable" in planted(smear).values()


def test_the_scan_finds_exactly_what_was_planted(smear: Path) -> None:
    listing = list_folder(smear, Data().classes)
    manifest = scan(smear, listing.files, Data(), Quality(), 1, lambda _: None)
    found = manifest.dropna(subset="reason").set_index("path")["reason"].to_dict()
    ignored = [path for path, reason in planted(smear).items() if reason == "ignored"]
    assert found == {path: reason for path, reason in planted(smear).items() if reason != "ignored"}
    assert listing.ignored == len(ignored) + 2  # truth.csv and faults.csv


def test_the_drawn_cells_stay_as_they_are(smear: Path, tmp_path: Path) -> None:
    draw_cells(tmp_path / "sound", Demo(images=60, patients=6))
    for file in (tmp_path / "sound").rglob("*.png"):
        assert (smear / file.relative_to(tmp_path / "sound")).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("fault", OF_ONE_FILE, ids=lambda fault: f"{fault.reason}:{fault.make.__name__}")
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_is_recognised_whatever_the_cell(fault: Fault, seed: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(seed)
    path = tmp_path / f"cell{fault.suffix}"
    path.write_bytes(fault.make(draw_cell(draw, draw_slide(draw), infected=seed % 2 == 0).picture))
    assert measure(path, Quality())["reason"] == fault.reason


def test_the_bomb_is_a_small_file(smear: Path) -> None:
    (bomb,) = (smear / path for path, reason in planted(smear).items() if reason == "bomb")
    assert bomb.stat().st_size < 50_000
