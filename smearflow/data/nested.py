"""A tree of class folders that lies a second time inside itself, as in a common copy of the NLM zip:

root/Parasitized/a.png    root/cell_images/Parasitized/a.png    the same bytes: counted once
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from smearflow.data.sources import Listing, file_at

BLOCK = 1 << 20


def without_copies(listing: Listing, classes: Collection[str]) -> Listing:
    """``listing`` without its nested copies, which are counted."""
    nested = copies(listing.files, listing.root, classes)
    return replace(listing, files=listing.files[~nested].reset_index(drop=True), nested=int(nested.sum()))


def copies(files: pd.DataFrame, root: Path, classes: Collection[str]) -> pd.Series:
    """Which rows of a listing (path, bytes; below ``root``) are nested copies: bool, same index.

    A copy lies in a folder that isn't one of ``classes``, would be the path of another image without its first
    folders, and has the same bytes as that one. Only files of equal path and size are opened. What differs is no
    copy: it stays, and the scan leaves it out as of an unknown class.
    """
    sizes = dict(zip(files["path"], files["bytes"], strict=True))
    return files["path"].map(lambda path: _is_copy(path, sizes, root, classes)).astype(bool)


def _is_copy(path: str, sizes: dict[str, int], root: Path, classes: Collection[str]) -> bool:
    if path.partition("/")[0] in classes:
        return False
    originals = (inner for inner in _inner_paths(path) if sizes.get(inner) == sizes[path])
    return any(_same_bytes(file_at(root, path), file_at(root, inner)) for inner in originals)


def _inner_paths(path: str) -> Iterator[str]:
    """``path`` without its first folder, its first two, ...: at least one folder stays."""
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(1, len(parts) - 1))


def _same_bytes(one: Path, other: Path) -> bool:
    """A file that can't be read is a copy of none: the scan says what is wrong with it."""
    try:
        with one.open("rb", buffering=0) as first, other.open("rb", buffering=0) as second:
            if os.path.samestat(os.fstat(first.fileno()), os.fstat(second.fileno())):
                return True
            while block := first.read(BLOCK):
                if block != second.read(BLOCK):
                    return False
            return not second.read(1)
    except OSError:
        return False
