"""Small grey pictures: made once, kept by content, left out where a file isn't what was scanned."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_cells import folder_of_cells

from smearflow.data import thumbnails as module
from smearflow.data.thumbnails import Thumbnails, thumbnail_of, thumbnails
from smearflow.workspace import file_digest


def rows_of(root: Path) -> pd.DataFrame:
    files = sorted(root.rglob("*.png"))
    return pd.DataFrame({"path": [str(f.relative_to(root)) for f in files], "sha256": [file_digest(f) for f in files]})


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return folder_of_cells(tmp_path / "cells")


def test_every_image_has_its_picture_by_its_digest(cells: Path, tmp_path: Path) -> None:
    rows, done = rows_of(cells), []
    pictures = thumbnails(cells, rows, Thumbnails(tmp_path / "kept"), 1, done.append)
    assert set(pictures) == set(rows["sha256"])
    assert {(p.shape, p.dtype.name) for p in pictures.values()} == {((48, 48), "uint8")}
    assert sum(done) == len(rows)


def test_workers_make_the_same_pictures(cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 3)
    rows = rows_of(cells)
    one, two = (thumbnails(cells, rows, Thumbnails(tmp_path / f"kept{n}"), n, lambda _: None) for n in (1, 2))
    assert list(one) == list(two) and all(np.array_equal(one[digest], two[digest]) for digest in one)


def test_a_known_picture_is_made_once_wherever_the_file_lies(cells: Path, tmp_path: Path) -> None:
    kept, rows = Thumbnails(tmp_path / "kept"), rows_of(cells)
    first = thumbnails(cells, rows, kept, 1, lambda _: None)
    (cells / "Uninfected").rename(cells / "moved")
    done: list[int] = []
    again = thumbnails(cells, rows_of(cells), kept, 1, done.append)
    assert set(again) == set(first) and done == []


def test_what_is_no_longer_there_is_forgotten(cells: Path, tmp_path: Path) -> None:
    kept, rows = Thumbnails(tmp_path / "kept"), rows_of(cells)
    thumbnails(cells, rows, kept, 1, lambda _: None)
    thumbnails(cells, rows.head(5), kept, 1, lambda _: None)
    assert set(kept.recall(cells)) == set(rows["sha256"].head(5))


def test_a_damaged_memory_counts_as_empty(cells: Path, tmp_path: Path) -> None:
    kept, rows = Thumbnails(tmp_path / "kept"), rows_of(cells)
    thumbnails(cells, rows, kept, 1, lambda _: None)
    (file,) = (tmp_path / "kept").iterdir()
    for damaged in (b"", b"nothing", file.read_bytes()[:3000]):
        file.write_bytes(damaged)
        assert kept.recall(cells) == {}


def test_a_fresh_run_recalls_nothing(cells: Path, tmp_path: Path) -> None:
    thumbnails(cells, rows_of(cells), Thumbnails(tmp_path / "kept"), 1, lambda _: None)
    assert Thumbnails(tmp_path / "kept", fresh=True).recall(cells) == {}


def test_a_file_that_changed_or_went_since_the_scan_has_no_picture(cells: Path) -> None:
    file = next(cells.rglob("*.png"))
    known = file_digest(file)
    assert thumbnail_of(file, known) is not None
    file.write_bytes(file.read_bytes() + b"more")
    assert thumbnail_of(file, known) is None
    assert thumbnail_of(cells / "gone.png", known) is None
