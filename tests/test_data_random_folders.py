"""Hundreds of random folders of cells and faults: each entry is accounted for once and rightly, nothing is touched."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from drawn_folders import CLASSES, PATTERN, Folder, drawn_folder, entries, snapshot, sound_cells

from smearflow.data import splitting
from smearflow.data.apart import KINDS
from smearflow.data.ledger import Ledger, belonging, extended, read_ledger, write_ledger
from smearflow.data.manifest import REASONS, usable
from smearflow.data.nested import without_copies
from smearflow.data.scanning import scan
from smearflow.data.sources import Listing, file_at, list_folder
from smearflow.data.splitting import divide, sets_of, shared_duplicates, shared_groups
from smearflow.errors import DataError
from smearflow.settings import Data, Quality, Split

FOLDERS = 200
DATA = Data(group_pattern=PATTERN, classes=CLASSES)
SPLIT = Split()


@pytest.fixture(autouse=True)
def fewer_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "ORDERS", 20)


def absolute(listing: Listing, paths: pd.Series) -> list[str]:
    return [os.path.normpath(file_at(listing.root, path)) for path in paths]


def examined(root: Path, folder: Folder, vanishes: bool = False) -> pd.DataFrame:
    """The manifest of ``root``, held against what the builder knows of every entry."""
    before = snapshot(root)
    listing = without_copies(list_folder(root, CLASSES), CLASSES)
    assert snapshot(root) == before
    here = entries(root)
    if vanishes:
        folder.vanish()
        before = snapshot(root)
    manifest = scan(listing.root, listing.files, DATA, Quality(), 1, lambda _: None)
    assert snapshot(root) == before
    rows, apart = absolute(listing, manifest["path"]), absolute(listing, listing.apart["path"])
    assert sorted([*rows, *apart]) == sorted(here)  # every entry, once
    assert dict(zip(apart, listing.apart["kind"], strict=True)) == folder.apart
    reasons = dict(zip(rows, manifest["reason"].astype(object).where(manifest["reason"].notna(), None), strict=True))
    assert reasons == folder.expected()
    done = dict(zip(rows, manifest["converted"], strict=True))
    used = {path: done[path] for path, reason in reasons.items() if reason is None}
    assert {path: how for path, how in used.items() if pd.notna(how)} == {
        path: folder.images[path].converted for path in used if folder.images[path].converted
    }
    return manifest


def settled(manifest: pd.DataFrame, ledger: Ledger) -> Ledger:
    """The ledger after ``manifest`` was divided under it; as it was, where the images don't make three sets yet."""
    try:
        divided = divide(usable(manifest), SPLIT, ledger.sets)
    except DataError:
        return ledger
    assert shared_groups(divided) == shared_duplicates(divided) == 0
    assert divided.groupby("sha256")["split"].nunique().max() == 1
    write_ledger(extended(ledger, sets_of(divided)))
    after = read_ledger(ledger.path, ledger.belongs)
    assert ledger.sets.items() <= after.sets.items()  # nobody moves
    assert sets_of(divided).items() <= after.sets.items()
    return after


def grown(root: Path, folder: Folder, steps: int) -> int:
    """Examine ``folder`` and divide it, again after each step of growth; how many patients have a set in the end."""
    ledger = read_ledger(root.parent / "ledger.jsonl", belonging(DATA, SPLIT, "random"))
    for step in range(steps + 1):
        ledger = settled(examined(root, folder, vanishes=step == steps), ledger)
        folder.grow()
    return len(ledger.sets)


@pytest.mark.parametrize("seed", range(FOLDERS))
def test_every_entry_of_a_random_folder_is_accounted_for(tmp_path: Path, seed: int) -> None:
    folder = drawn_folder(tmp_path / "cells", seed, sound_cells())
    grown(tmp_path / "cells", folder, steps=3 if seed % 10 == 0 else seed % 2)
    shutil.rmtree(tmp_path / "cells")


def test_every_fault_is_among_them(tmp_path: Path) -> None:
    reasons: set[str | None] = set()
    kinds: set[str] = set()
    for seed in range(20):
        folder = drawn_folder(tmp_path / str(seed), seed, sound_cells())
        folder.vanish()
        reasons |= set(folder.expected().values())
        kinds |= set(folder.apart.values())
    assert reasons == {*REASONS, None} - {
        "near_duplicate",
        "contract",
        "excluded",
        "unlabelled",
    }  # told by other images, a rule, or people
    assert kinds == set(KINDS) - {"special"}


def test_most_folders_grow_into_sets_that_are_kept(tmp_path: Path) -> None:
    patients = []
    for seed in range(1000, 1003):
        root = tmp_path / f"{seed}" / "cells"
        patients.append(grown(root, drawn_folder(root, seed, sound_cells()), steps=3))
    assert min(patients) >= 6


@pytest.mark.parametrize("seed", range(5))
def test_so_is_every_entry_among_real_cells(tmp_path: Path, shared: Callable[[str], Path], seed: int) -> None:
    real = [file.read_bytes() for file in sorted(shared("data/malaria_cells").rglob("*.png"))[::4]]
    grown(tmp_path / "cells", drawn_folder(tmp_path / "cells", seed, real[:90]), steps=2)
