"""Dividing images into training, validation and test set."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_cells import cell, encoded, folder_of_cells

from smearflow.data.groups import assign_groups
from smearflow.data.manifest import usable
from smearflow.data.nested import without_copies
from smearflow.data.scanning import scan
from smearflow.data.set_folders import lay_out
from smearflow.data.sources import file_at, list_folder
from smearflow.data.splitting import SETS, divide, parts_of, shared_groups
from smearflow.errors import DataError
from smearflow.settings import Data, Quality, Split

CHECKOUT = Path(__file__).parents[1]


def rows(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Images of groups: how many of the class sick and of the class well each has."""
    found = [
        (f"{label}/{group}_{number}.png", label, group)
        for group, both in counts.items()
        for label, count in zip(("sick", "well"), both, strict=True)
        for number in range(count)
    ]
    frame = pd.DataFrame(found, columns=["path", "label", "group"], dtype="string")
    return frame.assign(sha256=frame["path"])


def smear(patients: int = 60, seed: int = 0) -> pd.DataFrame:
    """Patients with 20 to 300 cells each, a quarter of them without a sick one."""
    draw = np.random.default_rng(seed)
    return rows(
        {
            f"C{number}": (int(draw.integers(10, 150)) if number % 4 else 0, int(draw.integers(10, 150)))
            for number in range(patients)
        }
    )


def shares(divided: pd.DataFrame) -> pd.DataFrame:
    return pd.crosstab(divided["label"], divided["split"], normalize="index")[list(SETS)]


def test_no_patient_is_in_two_sets_and_every_image_is_in_one() -> None:
    divided = divide(smear(), Split())
    assert divided.groupby("group")["split"].nunique().max() == 1
    assert shared_groups(divided) == 0
    assert len(divided) == len(smear())
    assert list(divided.columns) == ["path", "sha256", "label", "group", "split"]


@pytest.mark.parametrize("ratio", [(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.5, 0.25, 0.25)])
def test_each_class_and_the_patients_come_near_the_ratio(ratio: tuple[float, float, float]) -> None:
    divided = divide(smear(), Split(ratio=ratio))
    assert np.abs(shares(divided).to_numpy() - ratio).max() < 0.01
    patients = divided.groupby("split")["group"].nunique()[list(SETS)] / 60
    assert np.abs(patients.to_numpy() - ratio).max() < 0.02


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does() -> None:
    first = divide(smear(), Split())
    shuffled = divide(smear().sample(frac=1, random_state=3), Split())
    pd.testing.assert_frame_equal(first, shuffled)
    assert not first["split"].equals(divide(smear(), Split(seed=1))["split"])


def test_another_process_divides_alike() -> None:
    """Whatever its hash seed."""
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_data_splitting import *\n"
        "print(parts_of(divide(smear(), Split()), Path('p'), Path('r')).digest)"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        cwd=CHECKOUT,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )
    assert said.stdout.strip() == parts_of(divide(smear(), Split()), Path("p"), Path("r")).digest


def test_three_patients_a_class_are_enough() -> None:
    for counts in [
        {"C1": (5, 5), "C2": (5, 5), "C3": (5, 5)},
        {"C1": (90, 1), "C2": (1, 90), "C3": (1, 1)},
        {"C1": (9, 0), "C2": (9, 0), "C3": (9, 0), "C4": (0, 9), "C5": (0, 9), "C6": (0, 9)},
        {"C1": (500, 9), "C2": (1, 0), "C3": (1, 0), "C4": (0, 9), "C5": (0, 1)},
    ]:
        divided = divide(rows(counts), Split())
        assert (pd.crosstab(divided["label"], divided["split"]) > 0).all(axis=None)


def test_too_few_patients_are_counted_and_the_ways_out_named() -> None:
    with pytest.raises(DataError) as caught:
        divide(rows({"C1": (5, 5), "C2": (5, 5), "C3": (0, 50), "C4": (0, 50)}), Split())
    assert "sick 2, well 4" in caught.value.what
    assert "at least 3 groups" in caught.value.fix
    assert "split.by=image" in caught.value.fix


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(DataError, match="both classes"):
        divide(rows({f"C{n}": (5, 0) for n in range(9)}), Split())


def test_images_without_a_label_are_refused() -> None:
    frame = smear()
    frame.loc[3, "label"] = pd.NA
    with pytest.raises(DataError, match=r"1 of .* no label") as caught:
        divide(frame, Split())
    assert frame.loc[3, "path"] in caught.value.what


def test_by_image_is_what_splitfolders_does_file_by_file(tmp_path: Path) -> None:
    import splitfolders

    frame = smear(12)
    for path in frame["path"]:
        file = tmp_path / "cells" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    splitfolders.ratio(tmp_path / "cells", tmp_path / "out", seed=1337, ratio=(0.6, 0.2, 0.2))
    theirs = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.png")}
    ours = divide(frame, Split(by="image"))
    assert set(ours["split"] + "/" + ours["path"]) == theirs


def spoilt_cells(root: Path) -> Path:
    """100 sound cells, with junk, links, a nested tree and broken files among them; names that sort oddly."""
    folder_of_cells(root, patients=10, each=5)
    odd = ["C7\N{LATIN SMALL LETTER E WITH ACUTE}.png", "c7.png", "C7 Z.png", "C7_10.PNG", "C7_9.png", "C7\\7.png"]
    odd += [os.fsdecode(b"C7\xe9.png"), os.fsdecode(b"C7\xff.png")]
    for seed, name in enumerate(odd, 1000):
        (root / "Uninfected" / name).write_bytes(encoded(cell(seed)))
    shutil.copytree(root, root.parent / "second")
    shutil.move(root.parent / "second", root / "cell_images")
    for label in ("Parasitized", "Uninfected"):
        (root / label / "Thumbs.db").write_bytes(b"thumbs")
        (root / label / "C1_empty.png").write_bytes(b"")
        (root / label / "C1_cut.png").write_bytes(encoded(cell(7))[:-100])
        (root / label / "C0_link.png").symlink_to(root / label / "C1P1ThinF_cell_0.png")
    shutil.copy(root / "Uninfected" / "C2P2ThinF_cell_0.png", root / "Uninfected" / "C9_copy.png")
    shutil.copy(root / "Uninfected" / "C3P3ThinF_cell_0.png", root / "Parasitized" / "C3_conflict.png")
    return root


def files_below(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_from_a_spoilt_folder_to_set_folders_by_image_is_splitfolders_on_the_kept_images(tmp_path: Path) -> None:
    """The lecture's call, on a folder with just the kept images; ours on the folder as it came."""
    import splitfolders

    root = spoilt_cells(tmp_path / "cells")
    data = Data(group_pattern="^([Cc].)")
    listing = without_copies(list_folder(root, data.classes), data.classes)
    kept = usable(scan(listing.root, listing.files, data, Quality(), 1, lambda _: None))
    assert (len(kept), listing.nested) == (107, 108)
    for path in kept["path"]:
        file = file_at(root, path)
        copied = tmp_path / "kept" / file.relative_to(root)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copied)
    theirs = tmp_path / "theirs"
    splitfolders.ratio(tmp_path / "kept", theirs, seed=1337, ratio=(0.6, 0.2, 0.2), group_prefix=None)
    ours = tmp_path / "ours"
    ours.mkdir()
    lay_out(divide(kept, Split(by="image")), root, ours)
    assert files_below(ours) == files_below(theirs)
    for name in files_below(ours):
        assert (ours / name).is_symlink()
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()


def test_by_image_keeps_the_shares_of_each_class_and_counts_the_shared_patients() -> None:
    divided = divide(smear(), Split(by="image"))
    assert np.abs(shares(divided).to_numpy() - (0.6, 0.2, 0.2)).max() < 0.002
    assert parts_of(divided, Path("p"), Path("r")).shared_groups == 60


def test_thousands_of_groups_of_one_image_are_divided_too() -> None:
    frame = smear(40)
    divided = divide(frame.assign(group=frame["path"]), Split())
    assert np.abs(shares(divided).to_numpy() - (0.6, 0.2, 0.2)).max() < 0.002


def test_the_summary_counts_images_and_groups() -> None:
    divided = divide(smear(), Split())
    parts = parts_of(divided, Path("split.parquet"), Path("/cells"))
    assert parts.train + parts.val + parts.test == len(divided)
    assert (parts.groups, parts.shared_groups) == (60, 0)
    assert parts.train == (divided["split"] == "train").sum()


def test_the_digest_of_the_summary_follows_the_split_not_the_place() -> None:
    first = parts_of(divide(smear(), Split()), Path("a"), Path("r"))
    assert parts_of(divide(smear(), Split()), Path("b"), Path("s")).digest == first.digest
    assert parts_of(divide(smear(), Split(seed=1)), Path("a"), Path("r")).digest != first.digest


def test_a_label_that_people_changed_is_another_split_so_that_a_champion_is_asked_again() -> None:
    divided = divide(smear(), Split())
    test = divided.index[divided["split"] == "test"][:1]
    reviewed = divided.copy()
    reviewed.loc[test, "label"] = {"sick": "well", "well": "sick"}[divided.loc[test[0], "label"]]
    assert parts_of(reviewed, Path("p"), Path("r")).digest != parts_of(divided, Path("p"), Path("r")).digest


def test_the_real_cells_of_104_patients_are_divided_evenly(shared: Callable[[str], Path]) -> None:
    files = list_folder(shared("data/malaria_cells")).files
    groups = assign_groups(files["path"], files["path"].notna(), Data())
    divided = divide(files.assign(group=groups, sha256=files["path"]), Split())
    assert divided["group"].nunique() == 104
    assert np.abs(shares(divided).to_numpy() - (0.6, 0.2, 0.2)).max() < 0.02
