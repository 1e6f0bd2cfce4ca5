"""A tree of class folders that lies a second time inside itself, as in a common copy of the NLM zip:

root/Parasitized/a.png    root/cell_images/Parasitized/a.png    the same bytes: counted once
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from smearflow.data.apart import sorted_apart
from smearflow.data.sources import Listing, file_at

BLOCK = 1 << 20


def without_copies(listing: Listing, classes: Collection[str]) -> Listing:
    """``listing`` with its nested copies set apart."""
    original = originals(listing.files, listing.root, classes)
    found = original.dropna()
    copies = pd.DataFrame({"path": listing.files["path"][found.index], "kind": "nested_copy", "told": found})
    kept = listing.files[original.isna()].reset_index(drop=True)
    return replace(listing, files=kept, apart=sorted_apart(pd.concat([listing.apart, copies])))


def originals(files: pd.DataFrame, root: Path, classes: Collection[str]) -> pd.Series:
    """Of which image each row of a listing (path, bytes; below ``root``) is a nested copy: path, or null; same index.

    A copy lies in a folder that isn't one of ``classes``, would be the path of another image without its first
    folders, and has the same bytes as that one. Only files of equal path and size are opened. What differs is no
    copy: it stays, and the scan leaves it out as of an unknown class.
    """
    sizes = dict(zip(files["path"], files["bytes"], strict=True))
    found = [_original(path, sizes, root, classes) for path in files["path"]]
    return pd.Series(found, index=files.index, dtype="string")


def _original(path: str, sizes: dict[str, int], root: Path, classes: Collection[str]) -> str | None:
    if path.partition("/")[0] in classes:
        return None
    equal = (inner for inner in _inner_paths(path) if sizes.get(inner) == sizes[path])
    return next((inner for inner in equal if _same_bytes(file_at(root, path), file_at(root, inner))), None)


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
