"""The drop folder: new cells are taken out of it, and go to the archive once they are judged.

DROP/[...]/<class>/[...]/image.png     labelled, wherever the class folder lies
DROP/[...]/image.png                   unlabelled
DROP/.taken/<batch>/...                taken, not yet archived: what a check that was killed left is taken up here

ARCHIVE/labelled/<class>/<batch>/...   a source to train on: the class folder comes first
ARCHIVE/unlabelled/<batch>/...
ARCHIVE/left_out/<batch>/...           files that can't be used; reasons.csv says why

Taking is renaming within the drop folder, so a batch is whole or not begun. Nothing is deleted before its copy is
verified, and a file of the same name never takes another's place.
"""

import contextlib
import csv
import errno
import fcntl
import io
import os
import posixpath
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from smearflow.data.apart import sorted_apart
from smearflow.data.sources import EXTENSIONS, Listing, file_at, list_folder, printable_path
from smearflow.errors import SourceError
from smearflow.workspace import file_digest, write_text

TAKEN = ".taken"  # hidden: what lists the drop folder passes it by
REASONS = "reasons.csv"
FIELDS = ("path", "reason", "error")


@dataclass(frozen=True)
class Batch:
    """Cells to judge together: what they are called, where they lie, and whether they are archived afterwards."""

    name: str
    root: Path
    dropped: bool


@contextlib.contextmanager
def alone(drop: Path) -> Iterator[None]:
    """Be the only one to handle ``drop``: waits for who does. The kernel frees the lock, however its holder ends.

    Raises SourceError where the folder can't be written to.
    """
    with contextlib.ExitStack() as held:
        with _explained(drop):
            (drop / TAKEN).mkdir(exist_ok=True)
            lock = held.enter_context((drop / TAKEN / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unfinished(drop: Path) -> list[Batch]:
    """Batches that an earlier check took and didn't archive, the oldest first."""
    with _explained(drop):
        left = sorted(path for path in (drop / TAKEN).iterdir() if path.is_dir())
    return [Batch(path.name, path, dropped=True) for path in left if any(_files(path))]


def take(drop: Path, settle: float, name: str) -> Batch | None:
    """Take every image that hasn't changed for ``settle`` seconds, as batch ``name``; None where there is none."""
    root, taken = drop / TAKEN / name, 0
    with _explained(drop):
        for file in [file for file in _files(drop) if _is_settled(file, settle)]:
            target = root / file.relative_to(drop)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
            taken += 1
    return Batch(name, root, dropped=True) if taken else None


def cells_of(root: Path, classes: Collection[str]) -> Listing:
    """The images below ``root``, each labelled by the innermost folder above it that is named like a class.

    Raises SourceError where there is no image.
    """
    listing = _below(root.expanduser().absolute(), list_folder(root, classes))
    labels = pd.array([label_of(path, classes) for path in listing.files["path"]], dtype="string")
    return replace(listing, files=listing.files.assign(label=labels))


def label_of(path: str, classes: Collection[str]) -> str | None:
    """The class that a cell's folders tell."""
    folders = PurePosixPath(path).parts[:-1]
    return next((folder for folder in reversed(folders) if folder in classes), None)


def put_away(batch: Batch, cells: pd.DataFrame, archive: Path) -> int:
    """Move every file of ``batch`` to ``archive``; how many. What an earlier try moved is passed by.

    ``cells``: path (below the batch's root), label, reason, error, a row a file.
    """
    left_out, moved = cells[cells["reason"].notna()], 0
    with _explained(archive):
        if len(left_out):
            _write_reasons(archive / "left_out" / batch.name / REASONS, left_out)
        for path, label, reason in cells[["path", "label", "reason"]].itertuples(index=False):
            if file_at(batch.root, path).exists():
                move(file_at(batch.root, path), file_at(archive, place(path, label, reason, batch.name)))
                moved += 1
    _remove_empty(batch.root)
    return moved


def unlabelled_at(batch: Batch, archive: Path) -> Path:
    """Where those cells of ``batch`` lie, once it is judged, that have no label."""
    return archive / "unlabelled" / batch.name if batch.dropped else batch.root


def place(path: str, label: str | None, reason: str | None, batch: str) -> str:
    """Where below the archive a cell belongs: the folder of its class first, for the sake of training."""
    if not pd.isna(reason):
        return f"left_out/{batch}/{path}"
    if pd.isna(label):
        return f"unlabelled/{batch}/{path}"
    parts = list(PurePosixPath(path).parts)
    at = max(n for n, part in enumerate(parts[:-1]) if part == label)
    return "/".join(["labelled", str(label), batch, *parts[:at], *parts[at + 1 :]])


def move(source: Path, target: Path) -> Path:
    """Move a file: renamed, or to another disk copied, verified, and then deleted. Returns where it is.

    Another file of that name stays: this one gets a number. The same file, left by a try that was killed, counts.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    free = target
    number = 1
    while free.exists():
        if file_digest(free) == file_digest(source):
            source.unlink()
            return free
        number += 1
        free = target.with_stem(f"{target.stem}-{number}")
    try:
        source.rename(free)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, free)
    return free


def _copy(source: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copy2(source, aside)
        if file_digest(aside) != file_digest(source):
            raise OSError(errno.EIO, "the copy differs from the original", str(target))
        aside.rename(target)
    finally:
        aside.unlink(missing_ok=True)
    source.unlink()


def _write_reasons(path: Path, left_out: pd.DataFrame) -> None:
    text = io.StringIO()
    rows = left_out[list(FIELDS)].astype(object).where(left_out[list(FIELDS)].notna(), "")
    csv.writer(text, lineterminator="\n").writerows([FIELDS, *rows.itertuples(index=False)])
    write_text(path, text.getvalue())


def _below(root: Path, listing: Listing) -> Listing:
    """``listing`` with paths below ``root`` itself, where list_folder went on to an only folder in it."""
    if listing.root == root or not listing.root.is_relative_to(root):
        return listing
    prefix = printable_path(listing.root.relative_to(root).as_posix())
    files = listing.files.assign(path=prefix + "/" + listing.files["path"])
    above = [posixpath.normpath(f"{prefix}/{path}") for path in listing.apart["path"]]  # of a/../b, b is left
    return replace(listing, root=root, files=files, apart=sorted_apart(listing.apart.assign(path=above)))


def _files(folder: Path) -> Iterator[Path]:
    """Every image below ``folder``, in order; not in hidden folders, and no links."""
    for here, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in (Path(here, name) for name in sorted(names) if not name.startswith(".")):
            if file.suffix.lower() in EXTENSIONS and not file.is_symlink():
                yield file


def _is_settled(file: Path, settle: float) -> bool:
    """By the file system's own time of change: a copy may carry the time at which its original was written."""
    return time.time() - file.lstat().st_ctime >= settle


def _raise(error: OSError) -> None:
    raise error


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{folder} can't be handled: {error.strerror}: {error.filename}",
            "Let the user who runs the check read and write the drop folder and the archive, or name others: "
            "quality_check.drop and quality_check.archive.",
        ) from error


def _remove_empty(folder: Path) -> None:
    """Remove ``folder`` and those in it that hold no file any more."""
    for inner, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(inner).rmdir()
