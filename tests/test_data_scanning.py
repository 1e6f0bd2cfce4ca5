"""From a listing to the manifest: reasons that only the whole set shows, groups, and processes that die."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
from drawn_cells import cell, encoded, folder_of_cells
from PIL import Image

from expectations.contract import check
from smearflow.data.decisions import Decision, append, now
from smearflow.data.manifest import COLUMNS, content_digest, usable
from smearflow.data.overlay import opinions
from smearflow.data.scanning import DIED, FEW, HERE, complete, measure_listed, scan
from smearflow.data.sources import join, list_folder, list_folders
from smearflow.errors import SmearflowError, UsageError
from smearflow.settings import Data, Quality

CHECKOUT = Path(__file__).parents[1]


def scanned(root: Path, data: Data = Data(), workers: int = 1) -> pd.DataFrame:  # noqa: B008 (frozen)
    """The manifest of ``root``, by path."""
    listing = list_folder(root, data.classes)
    return scan(listing.root, listing.files, data, Quality(), workers, lambda _: None).set_index("path", drop=False)


def test_every_listed_image_becomes_a_row_of_the_contract(tmp_path: Path) -> None:
    manifest = scanned(folder_of_cells(tmp_path))
    assert list(manifest.columns) == [c.name for c in COLUMNS]
    assert len(usable(manifest)) == 24
    assert manifest["group"].unique().tolist() == ["C0", "C1", "C2", "C3"]
    assert manifest["label"].value_counts().to_dict() == {"Parasitized": 12, "Uninfected": 12}


def test_one_bad_file_is_a_row_with_a_reason_and_the_size_that_was_listed(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    (tmp_path / "Uninfected" / "bad.png").write_bytes(b"not an image")
    row = scanned(tmp_path).loc["Uninfected/bad.png"]
    assert (row["reason"], row["bytes"], row["group"]) == ("not_an_image", 12, pd.NA)
    assert row["error"].startswith("UnidentifiedImageError")


def test_a_file_that_vanished_after_listing_is_unreadable(tmp_path: Path) -> None:
    listing = list_folder(folder_of_cells(tmp_path))
    (tmp_path / "Uninfected" / "C0P0ThinF_cell_0.png").unlink()
    manifest = scan(listing.root, listing.files, Data(), Quality(), 1, lambda _: None)
    assert manifest["reason"].dropna().tolist() == ["unreadable"]
    assert manifest["bytes"].notna().all()


def test_a_folder_that_is_no_class_is_told_and_its_copies_harm_nobody(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    shutil.copytree(tmp_path / "Uninfected", tmp_path / "backup")
    manifest = scanned(tmp_path)
    assert set(manifest.loc[manifest["label"] == "backup", "reason"]) == {"unknown_class"}
    assert len(usable(manifest)) == 24


def test_the_same_image_in_two_classes_is_a_conflict_on_every_side(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    original = tmp_path / "Parasitized" / "C1P1ThinF_cell_0.png"
    for copy in ("Parasitized/C1P1ThinF_copy.png", "Uninfected/C1P1ThinF_copy.png"):
        shutil.copy(original, tmp_path / copy)
    manifest = scanned(tmp_path)
    conflict = manifest.index[manifest["reason"] == "label_conflict"].tolist()
    assert conflict == [
        "Parasitized/C1P1ThinF_cell_0.png",
        "Parasitized/C1P1ThinF_copy.png",
        "Uninfected/C1P1ThinF_copy.png",
    ]


def test_of_the_same_image_twice_in_a_class_the_first_by_path_stays(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    for name in ("C0A.png", "C9Z.png"):
        shutil.copy(tmp_path / "Uninfected" / "C1P1ThinF_cell_0.png", tmp_path / "Uninfected" / name)
    manifest = scanned(tmp_path)
    twins = ["Uninfected/C1P1ThinF_cell_0.png", "Uninfected/C9Z.png"]
    assert manifest.index[manifest["reason"] == "duplicate"].tolist() == twins


def test_broken_copies_keep_the_reason_of_the_image_itself(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    for place in ("Uninfected/C1_a.png", "Uninfected/C1_b.png", "Parasitized/C1_c.png"):
        (tmp_path / place).write_bytes(b"")
    assert scanned(tmp_path)["reason"].dropna().tolist() == ["zero_bytes"] * 3


def test_images_without_a_label_are_no_unknown_class(tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / f"C{seed}.png").write_bytes(encoded(cell(seed)))
    manifest = scanned(tmp_path)
    assert manifest["label"].isna().all()
    assert manifest["reason"].isna().all()


def test_unlabelled_cells_in_a_list_of_sources_are_used_once_somebody_says_what_they_are(tmp_path: Path) -> None:
    cells, waiting, roots = folder_of_cells(tmp_path / "cells"), tmp_path / "archive/unlabelled", tmp_path / "roots"
    roots.mkdir()
    for number, source in enumerate((cells, waiting), start=1):
        (roots / str(number)).symlink_to(source)
    for name in ("b1/C7_cell_1.png", "b2/site A/C7_cell_2.png", "b2/nobody.png"):
        (waiting / name).parent.mkdir(parents=True, exist_ok=True)
        (waiting / name).write_bytes(encoded(cell(sum(name.encode()))))
    listed = join(list_folders([cells, waiting], Data().classes), roots).files
    facts = measure_listed(roots, listed, Quality(), HERE, lambda _: None)

    def manifest(*decided: Decision) -> pd.DataFrame:
        entries = append(tmp_path / "labels.csv", decided)
        return complete(facts, listed, Data(), opinions(entries)).set_index("path")

    before = manifest()
    assert before["reason"].dropna().to_dict() == dict.fromkeys(before.index[-3:], "unlabelled")
    assert before.index[-1] == "2/b2/site A/C7_cell_2.png"
    known = before.loc["2/b1/C7_cell_1.png", "sha256"]
    after = manifest(Decision("b1/C7_cell_1.png", known, None, "Parasitized", "Ada", now()))
    row = after.loc["2/b1/C7_cell_1.png"]
    assert (row["label"], row["label_source"], row["group"]) == ("Parasitized", "labelled", "C7")
    assert row["reason"] is pd.NA and row["label_given"] is pd.NA
    assert after["reason"].value_counts().to_dict() == {"unlabelled": 2}
    lenient = Quality(min_class_images=1, min_class_groups=1, warn_class_groups=1)
    contract, _ = check(after.reset_index(), Data(), lenient, None)
    assert contract.passed and [c.expectation for c in contract.warnings] == ["no image waits for a label"]
    checked = complete(facts, listed, Data(group="image"))
    assert checked["reason"].isna().all(), "of a batch that is checked, no cell has to have a label"


def test_a_usable_image_whose_name_tells_no_patient_stops_the_scan(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    (tmp_path / "Uninfected" / "nobody.png").write_bytes(encoded(cell(999)))
    with pytest.raises(UsageError, match="1 of 25 images"):
        scanned(tmp_path)
    assert scanned(tmp_path, Data(group="image")).loc["Uninfected/nobody.png", "group"] == "Uninfected/nobody.png"


def test_every_kind_of_nothing_makes_a_manifest(tmp_path: Path) -> None:
    """A folder in which no image can even be opened."""
    (tmp_path / "Uninfected").mkdir()
    (tmp_path / "Uninfected" / "C1.png").write_bytes(b"")
    manifest = scanned(tmp_path)
    assert manifest["reason"].tolist() == ["zero_bytes"]
    assert content_digest(manifest)


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_name_that_is_not_utf8_is_scanned_and_written(tmp_path: Path) -> None:
    folder_of_cells(tmp_path / "cells")
    Path(os.fsdecode(os.fsencode(tmp_path / "cells" / "Uninfected") + b"/C1_\xff.png")).write_bytes(encoded(cell(77)))
    manifest = scanned(tmp_path / "cells")
    manifest.to_parquet(tmp_path / "manifest.parquet")
    assert manifest.loc[r"Uninfected/C1_\xff.png", "reason"] is pd.NA


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More images than one process is left to scan."""
    return folder_of_cells(tmp_path_factory.mktemp("many"), patients=5, each=FEW // 10 + 1)


def test_processes_give_the_same_manifest_as_one_and_tell_their_progress(many: Path) -> None:
    listing = list_folder(many)
    told: list[int] = []
    parallel = scan(listing.root, listing.files, Data(), Quality(), 2, told.append)
    pd.testing.assert_frame_equal(parallel, scanned(many).reset_index(drop=True))
    assert sum(told) == len(parallel) > FEW
    assert len(told) > 1


class Assassin(threading.Thread):
    """Kills, twice, the processes that decode images while one of them reads the pipe at ``path``."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.victims: list[int] = []

    def run(self) -> None:
        for _ in range(2):
            pipe = os.open(self.path, os.O_WRONLY)  # waits for a reader
            victims = [child.pid for child in multiprocessing.active_children() if child.pid]
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            while any(Path(f"/proc/{victim}").exists() for victim in victims):
                time.sleep(0.01)
            os.close(pipe)
            self.victims += victims
        os.close(os.open(self.path, os.O_WRONLY))  # the parent reads it, to say what it was


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_an_image_whose_process_dies_is_corrupt_and_all_others_are_measured(many: Path) -> None:
    listing = list_folder(many)
    victim = listing.files["path"][120]
    kept = (many / victim).read_bytes()
    (many / victim).unlink()
    os.mkfifo(many / victim)
    try:
        assassin = Assassin(many / victim)
        assassin.start()
        manifest = scan(listing.root, listing.files, Data(), Quality(), 2, lambda _: None).set_index("path")
    finally:
        (many / victim).unlink()
        (many / victim).write_bytes(kept)
    assert len(assassin.victims) == 3  # two that worked at once, then the one that had this image alone
    assert manifest["reason"].dropna().to_dict() == {victim: "corrupt"}
    assert manifest.loc[victim, "error"] == DIED


SCRIPT = """
import os, sys
from pathlib import Path
from smearflow.data.scanning import scan
from smearflow.data.sources import list_folder
from smearflow.settings import Data, Quality

{guard}
    listing = list_folder(Path(sys.argv[1]))
    for file in sys.argv[2:]:  # listed as a file, and then a pipe that nobody fills: its reader waits
        os.unlink(file)
        os.mkfifo(file)
    scan(listing.root, listing.files, Data(), Quality(), 2, lambda _: None)
"""


def started(script: Path, guard: str, *arguments: Path) -> subprocess.Popen[str]:
    """SCRIPT in a process of its own."""
    script.write_text(SCRIPT.format(guard=guard))
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=os.environ | {"PYTHONPATH": "."}, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_the_processes_end_with_a_parent_that_is_killed(many: Path, tmp_path: Path) -> None:
    cells = Path(shutil.copytree(many, tmp_path / "cells"))
    pipe = cells / "Uninfected" / "C0P0ThinF_cell_0.png"
    parent = started(tmp_path / "script.py", "if __name__ == '__main__':", cells, pipe)
    assert wait_for(pipe.is_fifo)
    held = os.open(pipe, os.O_WRONLY)  # waits for the process that reads it
    children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    parent.kill()
    parent.communicate()
    ended = wait_for(lambda: not any(is_running(child) for child in children))
    os.close(held)
    assert len(children) >= 2
    assert ended


def is_running(pid: int) -> bool:
    """Whether the process is there and no corpse that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(happens: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not happens() and time.monotonic() < end:
        time.sleep(0.05)
    return happens()


def test_processes_that_cannot_start_blame_no_image(many: Path, tmp_path: Path) -> None:
    """A script without a guard would run itself again in each of its processes, which Python refuses."""
    script = started(tmp_path / "unguarded.py", "if True:", many)
    said = script.communicate()[1]
    assert script.returncode != 0
    assert SmearflowError.__name__ in said
    assert "__main__" in said


def test_few_real_cells_are_taken_for_spoilt(shared: Callable[[str], Path]) -> None:
    manifest = scanned(shared("data/malaria_cells"))
    assert manifest["reason"].isna().mean() > 0.995
    assert manifest["group"].nunique() == 104


@pytest.mark.soak
def test_of_thousands_of_real_cells_at_most_one_in_two_hundred_is_taken(
    shared: Callable[[str], Path], tmp_path: Path
) -> None:
    """What the bounds of blank, overexposed and blurred are calibrated by."""
    with ZipFile(shared("data/nlm_cells_128.zip")) as cells:
        cells.extractall(tmp_path)
    manifest = scanned(tmp_path, workers=2)
    assert len(manifest) > 9_000
    assert manifest["reason"].isin(["blank", "overexposed", "blurred"]).mean() <= 0.005
    assert manifest["converted"].isna().all()


def test_the_same_pixels_under_other_bytes_are_copies_too_within_and_across_classes(tmp_path: Path) -> None:
    folder_of_cells(tmp_path)
    within, across = (
        Image.open(tmp_path / f"{name}_cell_0.png") for name in ("Uninfected/C1P1ThinF", "Parasitized/C2P2ThinF")
    )
    within.save(tmp_path / "Uninfected" / "C1P1ThinF_again.bmp")
    across.save(tmp_path / "Uninfected" / "C2P2ThinF_again.png", compress_level=0)
    manifest = scanned(tmp_path)
    assert manifest.loc["Uninfected/C1P1ThinF_cell_0.png", "reason"] == "duplicate"
    assert pd.isna(manifest.loc["Uninfected/C1P1ThinF_again.bmp", "reason"])  # the first by path
    conflict = manifest.index[manifest["reason"] == "label_conflict"].tolist()
    assert conflict == ["Parasitized/C2P2ThinF_cell_0.png", "Uninfected/C2P2ThinF_again.png"]
