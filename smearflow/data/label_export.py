"""Labels as people left them, for use elsewhere: a table of every cell, or class folders of links to the files."""

import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

import pandas as pd

from smearflow.data.label_files import write_rows
from smearflow.data.manifest import REASONS
from smearflow.data.overlay import standing, with_labels
from smearflow.data.sources import file_at
from smearflow.errors import UsageError
from smearflow.room import told_of

COLUMNS = ("file", "sha256", "label_given", "label", "label_source", "readers", "reason")  # of the table
OF_IMAGES = REASONS[: REASONS.index("excluded")]  # why an image is left out whatever its label


def as_decided(manifest: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """``manifest`` with the labels that ``said`` (overlay.OPINIONS) makes of given ones; readers and their reasons.

    ``reason`` stays where the image is at fault, and follows the labels where they are.
    """
    given = manifest.assign(label=manifest["label_given"])
    rows = with_labels(given.assign(reason=given["reason"].where(given["reason"].isin(OF_IMAGES))), said)
    found = standing(said, manifest).reindex(manifest["sha256"]).set_axis(manifest.index)
    return rows.assign(readers=found["readers"].fillna(0), reasons=found["reasons"].fillna(""))


def write_table(file: Path, decided: pd.DataFrame) -> None:
    """Write every row of ``decided`` (``as_decided``) as CSV, in one step. Raises DiskError where there is no room."""
    rows = decided.drop(columns="reason").rename(columns={"path": "file", "reasons": "reason"})
    write_rows(file, COLUMNS, rows[list(COLUMNS)].astype("string").fillna("").to_numpy().tolist())


def write_tree(folder: Path, decided: pd.DataFrame, root: Path, classes: Collection[str]) -> int:
    """Make ``folder``, with a folder a class of links to the files below ``root``; returns how many.

    Cells that are excluded, that readers are unsure of or that have no label are in none, nor are images that can't be
    used; copies are. Raises UsageError where ``folder`` holds something, DiskError where there is no room.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already, and isn't an empty folder.", "Name another folder.")
    fit = decided[decided["reason"].isna() & decided["label"].isin(classes) & (decided["label_source"] != "unsure")]
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with told_of(folder):
            aside.chmod(0o755)
            for label, rows in fit.groupby("label"):
                (aside / str(label)).mkdir()
                for name, path in _names(rows["path"].tolist()):
                    file_at(aside / str(label), name).symlink_to(file_at(root, path).resolve())
            aside.replace(folder)  # which may be there, where it is empty
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return len(fit)


def _names(paths: list[str]) -> Iterator[tuple[str, str]]:
    """Each of ``paths`` with a name of its own. A second of the same name gets a number at its end: a name begins with
    the patient."""
    taken: set[str] = set()
    for path in paths:
        name = PurePosixPath(path)
        called, number = name.name, 1
        while called in taken:
            number += 1
            called = f"{name.stem}~{number}{name.suffix}"
        taken.add(called)
        yield called, path
