"""Whose a cell is. Cells of one patient look alike, so a group must never be in two sets."""

import re

import pandas as pd

from smearflow.errors import UsageError
from smearflow.settings import Data

# The number of a cell in its file's name, with the extension.
NUMBER = re.compile(r"[\s_.-]*(?:cell[\s_.-]*)?\d+(?:\.[^./]*)?$", re.IGNORECASE)


def group_of(path: str, pattern: re.Pattern[str]) -> str | None:
    """The group that the file name of ``path`` tells: the pattern's first bracket, or None where it isn't found."""
    found = pattern.search(path[path.rfind("/") + 1 :])
    return (found[1] or None) if found else None


def slide_of(path: str) -> str:
    """The slide that a cell is from, as far as its path tells: folder and name without the cell's number.

    ``C1P2_IMG_3_cell_186.png`` is of ``C1P2_IMG_3``, ``smear-12.png`` of ``smear``, ``7.png`` of its folder.
    """
    return NUMBER.sub("", path)


def patients_of(paths: pd.Series, data: Data) -> pd.Series:
    """The group of each of ``paths`` (string); null where its name tells none, which is no error here."""
    if data.group == "image":
        return paths
    pattern = re.compile(data.group_pattern)
    return pd.Series([group_of(path, pattern) for path in paths.tolist()], index=paths.index, dtype="string")


def assign_groups(paths: pd.Series, needed: pd.Series, data: Data) -> pd.Series:
    """The group of each of ``paths`` (string), null where its name tells none.

    Raises UsageError, with the ways out, where that happens to a row that is ``needed`` (bool, same index).
    """
    groups = patients_of(paths, data)
    strangers = paths[needed & groups.isna()]
    if len(strangers):
        raise _no_group(strangers.tolist(), int(needed.sum()), data)
    return groups


def _no_group(strangers: list[str], images: int, data: Data) -> UsageError:
    names = ", ".join(strangers[:3]) + (", ..." if len(strangers) > 3 else "")
    return UsageError(
        f"{len(strangers):,} of {images:,} images tell no patient by their name: "
        f"data.group_pattern {data.group_pattern!r} is not found in {names}",
        "Set data.group_pattern to an expression whose first bracket is the patient, or data.group=image, "
        "where every image stands for itself (a patient's cells may then be in two sets).",
    )
