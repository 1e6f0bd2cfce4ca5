"""What a scan remembers: an image is measured again only when it has changed."""

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from drawn_cells import cell, encoded, folder_of_cells

from smearflow.data import scan_memory
from smearflow.data.scan_memory import Memory
from smearflow.data.scanning import Processes, as_facts, measure_listed
from smearflow.data.sources import list_folder
from smearflow.settings import Quality


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return folder_of_cells(tmp_path / "cells")


def listed(root: Path) -> pd.DataFrame:
    return list_folder(root, ("Parasitized", "Uninfected")).files


def remember(root: Path, memory: Memory, quality: Quality = Quality()) -> pd.DataFrame:  # noqa: B008 (frozen)
    """Measure all of ``root`` and keep it; the facts."""
    facts = measure_listed(root, listed(root), quality, Processes(1), lambda _: None)
    memory.keep([root], quality, listed(root), facts)
    return facts


def unknown(root: Path, memory: Memory, quality: Quality = Quality()) -> list[str]:  # noqa: B008
    """The paths that would have to be measured."""
    listing = listed(root)
    return sorted(set(listing["path"]) - set(memory.recall([root], quality, listing).index))


def test_what_has_not_changed_is_known_to_the_last_digit(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    (cells / "Uninfected" / "bad.png").write_bytes(b"no image")
    facts = remember(cells, memory)
    pd.testing.assert_frame_equal(memory.recall([cells], Quality(), listed(cells)).sort_index(), facts.sort_index())


def test_one_new_one_changed_and_one_gone_make_two_to_measure(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    remember(cells, memory)
    (cells / "Uninfected" / "C9_new.png").write_bytes(encoded(cell(77)))
    os.utime(cells / "Uninfected" / "C0P0ThinF_cell_0.png", ns=(7, 7))
    (cells / "Parasitized" / "C0P0ThinF_cell_0.png").unlink()
    assert unknown(cells, memory) == ["Uninfected/C0P0ThinF_cell_0.png", "Uninfected/C9_new.png"]


def test_another_folder_another_quality_and_a_fresh_scan_know_nothing(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    remember(cells, memory)
    shutil.copytree(cells, tmp_path / "copy")
    assert unknown(cells, memory) == []
    assert len(unknown(tmp_path / "copy", memory)) == 24
    assert len(unknown(cells, memory, Quality(min_side=30))) == 24
    assert len(unknown(cells, Memory(tmp_path / "memory", fresh=True))) == 24


def test_other_code_or_other_libraries_know_nothing(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(tmp_path / "memory")
    remember(cells, memory)
    for name in ("code_digest", "lock_digest"):
        with monkeypatch.context() as changed:
            changed.setattr(scan_memory, name, lambda *_: "other")
            assert len(unknown(cells, memory)) == 24


def test_tables_of_ways_long_gone_are_removed(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    for side in range(20, 25):
        remember(cells, memory, Quality(min_side=side))
    assert len(list(memory.folder.iterdir())) == 3
    assert unknown(cells, memory, Quality(min_side=24)) == []


def flipped(data: bytes) -> bytes:
    """A bit is wrong in the first SHA-256 that is kept."""
    at = data.index(sha256(encoded(cell(0))).hexdigest().encode())
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("damaged", [lambda _: b"", lambda _: b"PAR1", lambda data: data[:-100], flipped])
def test_a_damaged_memory_is_an_empty_one(cells: Path, tmp_path: Path, damaged: Callable[[bytes], bytes]) -> None:
    memory = Memory(tmp_path / "memory")
    remember(cells, memory)
    (table,) = memory.folder.iterdir()
    table.write_bytes(damaged(table.read_bytes()))
    assert len(unknown(cells, memory)) == 24


def test_a_memory_of_other_columns_is_an_empty_one(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    remember(cells, memory)
    (table,) = memory.folder.iterdir()
    pd.DataFrame({"odd": [1]}).to_parquet(table)
    assert len(unknown(cells, memory)) == 24


def test_what_may_have_been_the_moments_is_not_remembered(cells: Path, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory")
    listing = listed(cells)
    facts = as_facts(measure_listed(cells, listing, Quality(), Processes(1), lambda _: None))
    facts.loc[facts.index[0], ["reason", "error"]] = ["unreadable", "Stale file handle"]
    memory.keep([cells], Quality(), listing, facts)
    assert unknown(cells, memory) == [facts.index[0]]
