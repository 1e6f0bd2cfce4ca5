"""Reviewed labels for use elsewhere: the table of every cell, and the tree of links."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from drawn_cells import folder_of_cells
from drawn_decisions import SICK, WELL, cells, named, word

from smearflow.data.decisions import EXCLUDE, UNSURE, Decision, Entry
from smearflow.data.label_export import as_decided, write_table, write_tree
from smearflow.data.manifest import as_manifest
from smearflow.data.overlay import opinions
from smearflow.errors import UsageError

CLASSES = (SICK, WELL)


def decided(manifest: pd.DataFrame, *decisions: Decision) -> pd.DataFrame:
    return as_decided(manifest, opinions(Entry(number, each, "") for number, each in enumerate(decisions, start=1)))


@pytest.fixture
def cell_images(tmp_path: Path) -> Path:
    return folder_of_cells(tmp_path / "cells", patients=2, each=1)


def manifest_of(root: Path) -> pd.DataFrame:
    """The files below ``root``, each a content of its own."""
    paths = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.png"))]
    labels = [path.split("/")[-2] for path in paths]
    digests = [f"{number:064x}" for number in range(len(paths))]
    return as_manifest(pd.DataFrame({"path": paths, "sha256": digests, "label": labels, "label_given": labels}))


def test_the_table_has_every_cell_with_what_was_given_and_what_counts(tmp_path: Path) -> None:
    said = (word(0, WELL, reason="no ring"), word(0, WELL, "bob", reason="=clear"), word(1, EXCLUDE))
    write_table(tmp_path / "out" / "cells.csv", decided(cells(3), *said))
    with (tmp_path / "out" / "cells.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "sha256", "label_given", "label", "label_source", "readers", "reason"]
    assert [list(row.values())[2:] for row in rows] == [
        [SICK, WELL, "relabelled", "2", "no ring; =clear"],
        [WELL, WELL, "excluded", "1", ""],
        [SICK, SICK, "given", "0", ""],
    ]


def test_what_the_manifest_was_left_with_by_earlier_decisions_is_forgotten() -> None:
    before = cells(3).assign(label=[WELL, WELL, SICK], reason=["excluded", "label_conflict", "blank"])
    found = decided(before, word(2, EXCLUDE))
    assert found["label"].tolist() == [SICK, WELL, SICK]
    assert found["reason"].fillna("").tolist() == ["", "", "blank"]


def test_the_tree_has_a_link_to_each_file_by_the_label_that_counts(cell_images: Path, tmp_path: Path) -> None:
    manifest = manifest_of(cell_images)
    sick = [named(path, what) for path, what in zip(manifest["path"][:2], (WELL, UNSURE), strict=True)]
    count = write_tree(
        tmp_path / "tree", decided(manifest, *sick, named(manifest["path"][3], EXCLUDE)), cell_images, CLASSES
    )
    links = {
        path.relative_to(tmp_path / "tree").as_posix(): path.resolve() for path in (tmp_path / "tree").rglob("*.png")
    }
    assert count == 2 and links == {
        "Uninfected/C0P0ThinF_cell_0.png": cell_images / "Parasitized" / "C0P0ThinF_cell_0.png",
        "Uninfected/C0P0ThinF_cell_0~2.png": cell_images / "Uninfected" / "C0P0ThinF_cell_0.png",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells", "tree"]  # nothing is left aside


def test_names_that_no_text_holds_are_links_too(tmp_path: Path) -> None:
    root = tmp_path / "cells"
    (root / SICK).mkdir(parents=True)
    (root / SICK / "caf\udce9 \\.png").write_bytes(b"a cell")
    manifest = as_manifest(
        pd.DataFrame({"path": [f"{SICK}/caf\\xe9 \\x5c.png"], "sha256": ["a"], "label": [SICK], "label_given": [SICK]})
    )
    write_tree(tmp_path / "tree", decided(manifest), root, CLASSES)
    assert (tmp_path / "tree" / SICK / "caf\udce9 \\.png").read_bytes() == b"a cell"


def test_an_empty_folder_is_filled_and_one_that_holds_something_refused(cell_images: Path, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    assert write_tree(tmp_path / "tree", decided(manifest_of(cell_images)), cell_images, CLASSES) == 4
    for there in (tmp_path / "tree", cell_images / SICK / "C0P0ThinF_cell_0.png"):
        with pytest.raises(UsageError, match="is there already"):
            write_tree(there, decided(manifest_of(cell_images)), cell_images, CLASSES)


def test_what_has_no_label_or_a_strange_one_or_cannot_be_used_is_in_no_folder(
    cell_images: Path, tmp_path: Path
) -> None:
    manifest = manifest_of(cell_images)
    manifest["label_given"] = pd.array([None, "Leukocyte", WELL, WELL], dtype="string")
    manifest["reason"] = pd.array([None, None, "blurred", "duplicate"], dtype="string")
    assert write_tree(tmp_path / "tree", decided(manifest), cell_images, CLASSES) == 1
