"""What is planted among the drawn cells, and that scan and search for duplicates say of each what was planted."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.apart import KINDS
from smearflow.data.duplicates import judged, pairs_of
from smearflow.data.manifest import CONVERSIONS, REASONS
from smearflow.data.nested import without_copies
from smearflow.data.scanning import scan
from smearflow.data.sources import Listing, file_at, list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.data.thumbnails import Thumbnails, thumbnails
from smearflow.settings import Data, Demo, Duplicates, Quality

SAID = {"other_file": "ignored", "hidden": "ignored", "nested_copy": "nested", "link": "link"}


@pytest.fixture(scope="module")
def smear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "smear"
    draw_cells(folder, Demo(images=60, patients=6, faults=True))
    return folder


@pytest.fixture(scope="module")
def listing(smear: Path) -> Listing:
    return without_copies(list_folder(smear, Data().classes), Data().classes)


@pytest.fixture(scope="module")
def manifest(listing: Listing, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All that scan and search for duplicates say, by path."""
    rows = scan(listing.root, listing.files, Data(), Quality(), 1, lambda _: None)
    kept = Thumbnails(tmp_path_factory.mktemp("kept"))
    among = rows[rows["reason"].isna() | (rows["reason"] == "label_conflict")]
    pairs = pairs_of(rows, thumbnails(listing.root, among, kept, 1, lambda _: None), Duplicates().likeness)
    return judged(rows, pairs, "together").set_index("path")


def planted(folder: Path) -> dict[str, str]:
    with (folder / "faults.csv").open(newline="", encoding="utf-8") as file:
        return {row["path"]: row["reason"] for row in csv.DictReader(file)}


def planted_as(folder: Path, *said: str) -> set[str]:
    return {path for path, reason in planted(folder).items() if reason in said}


def test_each_reason_of_the_vocabulary_is_planted(smear: Path) -> None:
    # root reads everything; the second is a rule's of a team's own, and the others are people's to decide
    assert set(REASONS) - set(planted(smear).values()) <= {"unreadable", "contract", "excluded", "unlabelled"}
    assert all(os.path.lexists(file_at(smear, path)) for path in planted(smear))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_planted_for_those_whom_it_stops(smear: Path) -> None:
    assert "unreadable" in planted(smear).values()


def test_what_is_found_wrong_is_exactly_what_was_planted(smear: Path, manifest: pd.DataFrame) -> None:
    found = manifest["reason"].dropna().to_dict()
    assert found == {
        p: reason for p, reason in planted(smear).items() if reason in REASONS and reason != "near_duplicate"
    }


def test_what_is_converted_is_exactly_what_was_planted(smear: Path, manifest: pd.DataFrame) -> None:
    used = manifest[manifest["reason"].isna()]
    assert set(used.index[used["converted"].notna()]) == planted_as(smear, "converted")
    assert set(used["converted"].dropna()) == set(CONVERSIONS) - {"bilevel"}  # which leaves nothing of a cell


def test_each_near_duplicate_is_in_a_cluster_with_its_cell_and_nothing_else_is(
    smear: Path, manifest: pd.DataFrame
) -> None:
    used = manifest[manifest["reason"].isna()].dropna(subset="cluster")
    alike = planted_as(smear, "near_duplicate")
    assert alike < set(used.index)
    assert (used["cluster"].value_counts() == 2).all() and len(used) == 2 * len(alike)


def test_what_is_set_apart_is_exactly_what_was_planted_and_the_two_tables(smear: Path, listing: Listing) -> None:
    found = {path: SAID[kind] for path, kind in zip(listing.apart["path"], listing.apart["kind"], strict=True)}
    tables = {"truth.csv": "ignored", "faults.csv": "ignored"}
    assert found == tables | {p: said for p, said in planted(smear).items() if said in SAID.values()}
    assert set(listing.apart["kind"]) == set(KINDS) - {"special"}


def test_each_is_described(smear: Path) -> None:
    with (smear / "faults.csv").open(newline="", encoding="utf-8") as file:
        assert all(0 < len(row["what"]) < 60 for row in csv.DictReader(file))


def test_the_drawn_cells_stay_as_they_are(smear: Path, tmp_path: Path) -> None:
    draw_cells(tmp_path / "sound", Demo(images=60, patients=6))
    for file in (tmp_path / "sound").rglob("*.png"):
        assert (smear / file.relative_to(tmp_path / "sound")).read_bytes() == file.read_bytes()


def test_the_bomb_is_a_small_file(smear: Path) -> None:
    (bomb,) = (smear / path for path, reason in planted(smear).items() if reason == "bomb")
    assert bomb.stat().st_size < 50_000
