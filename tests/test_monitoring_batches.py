"""Out of the drop folder, into the archive: nothing lost, nothing taken twice, whatever is killed in between."""

import csv
import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.sources import list_folder
from smearflow.errors import SourceError
from smearflow.monitoring.batches import Batch, alone, cells_of, label_of, move, put_away, take, unfinished

CLASSES = ("Parasitized", "Uninfected")


def drop_of(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    return root


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def cells(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["path", "label", "reason"]).assign(error=None)


def test_images_are_taken_and_all_else_stays(tmp_path):
    drop = drop_of(tmp_path, "Parasitized/C1_a.png", "C2_b.PNG", "notes.txt", ".hidden.png", ".tmp/C3_c.png")
    with alone(drop):
        batch = take(drop, 0, "b1")
        assert files(batch.root) == ["C2_b.PNG", "Parasitized/C1_a.png"]
        assert {"notes.txt", ".hidden.png", ".tmp/C3_c.png"} < set(files(drop))
        assert take(drop, 0, "b2") is None


def test_a_file_that_has_just_changed_waits_even_if_it_says_it_is_old(tmp_path):
    drop = drop_of(tmp_path, "C1_a.png")
    os.utime(drop / "C1_a.png", (0, 0))  # as a copy that keeps times does
    with alone(drop):
        assert take(drop, 3600, "b1") is None
    assert (drop / "C1_a.png").exists()


def test_a_batch_that_was_taken_and_not_archived_is_found_again(tmp_path):
    drop = drop_of(tmp_path, "C1_a.png")
    with alone(drop):
        taken = take(drop, 0, "b1")
    with alone(drop):
        assert unfinished(drop) == [taken]
        put_away(taken, cells(("C1_a.png", None, None)), tmp_path / "archive")
        assert unfinished(drop) == []


def test_the_innermost_class_folder_is_the_label(tmp_path):
    root = drop_of(tmp_path, "site A/Parasitized/C1_a.png", "site A/week 3/C2_b.png")
    listing = cells_of(root, CLASSES)
    assert listing.root == root
    assert listing.files["path"].tolist() == ["site A/Parasitized/C1_a.png", "site A/week 3/C2_b.png"]
    assert listing.files["label"].fillna("none").tolist() == ["Parasitized", "none"]
    assert label_of("Parasitized/Uninfected/a.png", CLASSES) == "Uninfected"


def test_the_archive_is_a_source_to_train_on(tmp_path):
    root = drop_of(tmp_path / "b1", "Parasitized/C1_a.png", "site/Uninfected/C2_b.png", "C3_c.png", "C4_d.png")
    batch, archive = Batch("b1", root, dropped=True), tmp_path / "archive"
    rows = [("Parasitized/C1_a.png", "Parasitized", None), ("site/Uninfected/C2_b.png", "Uninfected", None)]
    assert put_away(batch, cells(*rows, ("C3_c.png", None, None), ("C4_d.png", None, "corrupt")), archive) == 4
    assert not root.exists()
    assert files(archive) == [
        "labelled/Parasitized/b1/C1_a.png",
        "labelled/Uninfected/b1/site/C2_b.png",
        "left_out/b1/C4_d.png",
        "left_out/b1/reasons.csv",
        "unlabelled/b1/C3_c.png",
    ]
    assert list_folder(archive / "labelled", CLASSES).files["label"].tolist() == list(CLASSES)
    (row,) = csv.DictReader((archive / "left_out/b1/reasons.csv").open())
    assert row == {"path": "C4_d.png", "reason": "corrupt", "error": ""}


def test_archiving_that_was_killed_goes_on_where_it_was(tmp_path):
    root = drop_of(tmp_path / "b1", "C1_a.png", "C2_b.png")
    table = cells(("C1_a.png", None, None), ("C2_b.png", None, None))
    (tmp_path / "archive/unlabelled/b1").mkdir(parents=True)
    (root / "C1_a.png").rename(tmp_path / "archive/unlabelled/b1/C1_a.png")
    assert put_away(Batch("b1", root, dropped=True), table, tmp_path / "archive") == 1
    assert files(tmp_path / "archive/unlabelled") == ["b1/C1_a.png", "b1/C2_b.png"]


def test_another_file_of_that_name_keeps_its_place(tmp_path):
    drop_of(tmp_path, "new/a.png", "old/a.png")
    assert move(tmp_path / "new/a.png", tmp_path / "old/a.png") == tmp_path / "old/a-2.png"
    assert (tmp_path / "old/a.png").read_text() == "old/a.png"


def test_to_another_disk_it_is_copied_and_verified_before_the_original_goes(tmp_path, monkeypatch):
    drop_of(tmp_path, "new/a.png")
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    target = move(tmp_path / "new/a.png", tmp_path / "archive/a.png")
    assert target.read_text() == "new/a.png" and not (tmp_path / "new/a.png").exists()
    (tmp_path / "new/a.png").write_text("new/a.png")  # killed after the copy, before the original was deleted
    assert move(tmp_path / "new/a.png", tmp_path / "archive/a.png") == target
    assert files(tmp_path) == ["archive/a.png"]


def test_a_drop_folder_that_can_not_be_written_to_says_so(tmp_path):
    (tmp_path / ".taken").write_text("a file where a folder should be")
    with pytest.raises(SourceError, match="can't be handled"), alone(tmp_path):
        pass
