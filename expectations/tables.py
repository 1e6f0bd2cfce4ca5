"""The two tables that are checked: a row an image, and a row a class."""

from collections.abc import Iterable

import pandas as pd

from expectations.files import FAULTS
from expectations.rule import Rule, Table
from smearflow.data.manifest import COLUMNS
from smearflow.settings import Data

ALWAYS = ("path", "label", "group", "reason")  # which row it is, and what conditions ask for
OF_A_CLASS = ("label", "images", "share", "groups", "formats", "faulty")


def known_columns(table: Table) -> tuple[str, ...]:
    """The columns that a rule over ``table`` may name."""
    return OF_A_CLASS if table == "classes" else tuple(column.name for column in COLUMNS)


def image_table(manifest: pd.DataFrame, rules: Iterable[Rule] = ()) -> pd.DataFrame:
    """The columns that ``rules`` need, and ALWAYS. ``reason`` is `used` where it was null: shares are of all rows."""
    named: set[str] = set().union(*(rule.columns_of(known_columns("images")) for rule in rules))
    chosen = [*ALWAYS, *sorted(set(named) - set(ALWAYS))]
    frame = manifest[chosen].astype(dict.fromkeys(chosen, object))
    frame = frame.where(frame.notna(), None)
    frame["reason"] = frame["reason"].fillna("used")
    return frame


def class_table(manifest: pd.DataFrame, data: Data) -> pd.DataFrame:
    """A row each of ``data.classes``, in that order.

    label, images (rows that are used), share (of all used rows, 0-1), groups and formats (distinct, of used rows),
    faulty (share of the class's files that are left out for their content, 0-1).
    """
    manifest = manifest[["label", "group", "format", "reason"]]  # a million rows of all columns are 1 GB
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
    return pd.DataFrame(rows, columns=list(OF_A_CLASS))
