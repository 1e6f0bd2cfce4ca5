"""A tree that lies a second time inside itself is recognised by its bytes, and counted once."""

import os
from pathlib import Path

import pytest

from smearflow.data import nested
from smearflow.data.nested import without_copies
from smearflow.data.sources import list_folder

CLASSES = ("sick", "well")


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def kept(root: Path) -> tuple[list[str], int]:
    """Paths that are left of ``root``, and how many copies were left out."""
    listing = without_copies(list_folder(root, CLASSES), CLASSES)
    return listing.files["path"].tolist(), listing.nested


CELLS = {"sick/a.png": "one", "sick/slide/b.png": "two", "well/a.png": "three"}


@pytest.mark.parametrize("inside", ["cells/", "cells/cells/", "sickness/"])
def test_a_whole_second_tree_is_left_out_and_counted(tmp_path: Path, inside: str) -> None:
    put(tmp_path, CELLS | {inside + name: text for name, text in CELLS.items()})
    assert kept(tmp_path) == (sorted(CELLS), 3)


def test_a_third_tree_in_the_second_is_left_out_too(tmp_path: Path) -> None:
    put(tmp_path, CELLS | {deep + name: text for deep in ("x/", "x/x/") for name, text in CELLS.items()})
    assert kept(tmp_path) == (sorted(CELLS), 6)


def test_what_differs_or_is_new_in_the_second_tree_stays(tmp_path: Path) -> None:
    put(tmp_path, CELLS | {"cells/sick/a.png": "ONE", "cells/sick/new.png": "one", "cells/well/a.png": "three"})
    assert kept(tmp_path) == (sorted([*CELLS, "cells/sick/a.png", "cells/sick/new.png"]), 1)


def test_a_copy_in_a_class_folder_is_no_nested_tree(tmp_path: Path) -> None:
    """It may contradict a label, which the scan has to see."""
    put(tmp_path, CELLS | {"well/sick/a.png": "one", "sick/sick/a.png": "one", "backup/a.png": "one"})
    assert kept(tmp_path)[1] == 0


def test_only_files_of_equal_path_and_size_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, CELLS | {"cells/sick/a.png": "longer", "cells/sick/new.png": "one", "cells/well/a.png": "three"})
    opened: list[str] = []
    compare = nested._same_bytes
    monkeypatch.setattr(nested, "_same_bytes", lambda one, other: opened.append(one.name) or compare(one, other))
    assert kept(tmp_path)[1] == 1
    assert opened == ["a.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_kept_for_the_scan_to_tell(tmp_path: Path) -> None:
    put(tmp_path, CELLS | {"cells/sick/a.png": "one"})
    (tmp_path / "cells/sick/a.png").chmod(0)
    assert kept(tmp_path)[1] == 0
