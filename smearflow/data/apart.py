"""What lies in a source and is no row of the manifest: named, and told why, so that nothing is silent.

Rows and this table together are every file, link and device of the source, each once.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from smearflow.workspace import building, digest_of, is_whole

Kind = Literal["other_file", "hidden", "nested_copy", "link", "special"]

# What an entry is, in this order in tables.
KINDS: dict[Kind, str] = {
    "other_file": "not an image by its name",
    "hidden": "its name or a folder's starts with a dot, or is __MACOSX",
    "nested_copy": "copy in a nested tree",
    "link": "not followed",
    "special": "neither file, folder nor link",
}
REGULAR: tuple[Kind, ...] = ("other_file", "hidden", "nested_copy")
COLUMNS = {
    "path": "string",  # below the root of the source, above it with ..: what names the file, as in the manifest
    "kind": "string",
    "told": "string",  # of a link where it points to, of a copy what it is one of; null of others
}


def apart_of(rows: Sequence[tuple[str, Kind, str | None]]) -> pd.DataFrame:
    """The table of ``rows`` (path, kind, told), sorted by path."""
    return sorted_apart(pd.DataFrame(rows, columns=list(COLUMNS)))


def sorted_apart(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` in the dtypes of COLUMNS, sorted by path."""
    return table.astype(COLUMNS).sort_values("path", ignore_index=True)


def how_many(table: pd.DataFrame, *kinds: Kind) -> int:
    """Entries of one of ``kinds``."""
    return int(table["kind"].isin(kinds).sum())


def where_to(link: str, root: str) -> str:
    """Where a link below ``root`` (a real path) points to, as it says, and what that means. Nothing is followed."""
    said = os.readlink(link)  # noqa: PTH115
    real = os.path.realpath(link)
    if os.path.islink(real):  # noqa: PTH114
        return f"{said} (round in a ring)"
    if not os.path.exists(real):  # noqa: PTH110
        return f"{said} (nothing is there)"
    if os.path.commonpath([real, root]) != root:
        holds = os.path.commonpath([real, root]) == real
        return f"{said} (a folder above it: a loop)" if holds else f"{said} (out of the source)"
    holds = os.path.commonpath([real, os.path.realpath(os.path.dirname(link))]) == real  # noqa: PTH120
    return f"{said} (a folder above it: a loop)" if holds else f"{said} (within the source)"


def write_apart(table: pd.DataFrame, target: Path) -> Path:
    """Write ``table`` below the folder ``target``, under its own digest; where it is (parquet)."""
    folder = target / digest_of(table.fillna("").to_numpy().tolist())
    if not is_whole(folder):
        with building(folder) as aside:
            table.to_parquet(aside / "apart.parquet", index=False)
    return folder / "apart.parquet"
