"""The two tables that are checked: a row an image, and a row a class."""

import pandas as pd

from expectations.files import FAULTS
from expectations.rule import Table
from smearflow.settings import Data

COLUMNS = ("path", "label", "group", "width", "height", "mode", "format", "reason")


def tables_of(manifest: pd.DataFrame, data: Data) -> dict[Table, pd.DataFrame]:
    """``manifest`` (the contract's columns) as the two tables that the rules name."""
    return {"images": image_table(manifest), "classes": class_table(manifest, data)}


def image_table(manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest's columns that are checked. ``reason`` is `used` where it was null: shares are of all rows."""
    frame = manifest[list(COLUMNS)].astype(dict.fromkeys(COLUMNS, object))
    frame = frame.where(frame.notna(), None)
    frame["reason"] = frame["reason"].fillna("used")
    return frame


def class_table(manifest: pd.DataFrame, data: Data) -> pd.DataFrame:
    """A row each of ``data.classes``, in that order.

    label, images (rows that are used), share (of all used rows, 0-1), groups and formats (distinct, of used rows),
    faulty (share of the class's files that are left out for their content, 0-1).
    """
    used = manifest[manifest["reason"].isna()]
    rows = []
    for name in data.classes:
        mine = used[used["label"] == name]
        files = manifest[manifest["label"] == name]
        rows.append(
            {
                "label": name,
                "images": len(mine),
                "share": len(mine) / max(len(used), 1),
                "groups": mine["group"].nunique(),
                "formats": mine["format"].nunique(),
                "faulty": float(files["reason"].isin(FAULTS).sum()) / max(len(files), 1),
            }
        )
    return pd.DataFrame(rows)
