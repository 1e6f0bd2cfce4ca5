"""Images that show the same cell: how many, what became of them, and how they look side by side."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from smearflow.data.duplicates import clusters_used
from smearflow.data.sources import file_at
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, thumbnail
from smearflow.report.pseudonyms import Names

SIDE = 64  # pixels of a picture
ROWS = 24  # pairs that the page shows


@dataclass(frozen=True)
class Shown:
    """One image of a pair: its picture, what it is called, its class, and why it isn't used, where it isn't."""

    url: str | None
    name: str
    folder: str
    reason: str | None


@dataclass(frozen=True)
class Pair:
    """Two images that show the same, and their correlation (0-1)."""

    first: Shown
    second: Shown
    likeness: float
    across: bool


@dataclass(frozen=True)
class DuplicatesSection:
    """Counts of images left out, of pairs of near-duplicates, and the first of these: conflicts before others."""

    copies: int
    changed: int
    conflicts: int
    pairs: int
    across: int
    clusters: int
    dropped: bool
    likeness: float
    shown: tuple[Pair, ...]


def duplicates_section(findings: Findings, names: Names) -> DuplicatesSection | None:
    """None where near-duplicates weren't looked for."""
    manifest, pairs = findings.manifest, findings.pairs
    if manifest is None or pairs is None or findings.settings.duplicates.near == "off":
        return None
    reasons = manifest["reason"].value_counts()
    rows = manifest.dropna(subset="sha256").sort_values("path").drop_duplicates("sha256").set_index("sha256")
    return DuplicatesSection(
        copies=int(reasons.get("duplicate", 0)),
        changed=int(reasons.get("near_duplicate", 0)),
        conflicts=int(reasons.get("label_conflict", 0)),
        pairs=len(pairs),
        across=int(pairs["across"].sum()),
        clusters=clusters_used(manifest),
        dropped=findings.settings.duplicates.near == "drop",
        likeness=findings.settings.duplicates.likeness,
        shown=tuple(_pair(pair, rows, findings, names) for pair in pairs.head(ROWS).itertuples()),
    )


def _pair(pair: Any, rows: pd.DataFrame, findings: Findings, names: Names) -> Pair:
    first, second = (_shown(rows.loc[sha256], findings, names) for sha256 in (pair.first, pair.second))
    return Pair(first, second, float(pair.likeness), bool(pair.across))


def _shown(row: pd.Series, findings: Findings, names: Names) -> Shown:
    picture = None
    if findings.root is not None:
        picture = thumbnail(file_at(findings.root, row["path"]), SIDE, findings.settings.quality.max_pixels)
    return Shown(
        url=data_url(picture) if picture else None,
        name=names.image(row["path"]),
        folder=names.folder(row["label"]),
        reason=None if pd.isna(row["reason"]) else str(row["reason"]),
    )
