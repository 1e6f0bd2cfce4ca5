"""What was left out, why, and how it looks."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from smearflow.data.manifest import REASONS, REVIEW
from smearflow.data.sources import file_at
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, thumbnail
from smearflow.report.pseudonyms import Names

SIDE = 64  # pixels of a picture
ROWS = 50  # that the page shows

MEANINGS = {
    "zero_bytes": "the file is empty",
    "truncated": "the file ends too early",
    "corrupt": "the file's content is damaged",
    "not_an_image": "something else under an image's name",
    "bomb": "more pixels than allowed; not opened",
    "unreadable": "the file can't be read",
    "mode": "colours or frames that can't become 8-bit RGB without loss",
    "size": "smaller or larger than a cell can be",
    "blank": "nothing on it",
    "overexposed": "too bright to see anything",
    "blurred": "out of focus",
    "excluded": "a person looked, and found it fit for nothing",
    "unlabelled": "nobody has said what it shows yet: it waits for a person",
    "unknown_class": "in a folder that is no class",
    "label_conflict": "the same image, or changed copies of it, under both classes: a person has to look",
    "duplicate": "a copy of an image that is used",
    "near_duplicate": "a changed copy of an image that is used",
    "contract": "breaks a rule of the data contract that leaves images out",
}


@dataclass(frozen=True)
class LeftOut:
    """One image that isn't used. ``row``: its number in quarantine.parquet, from 1."""

    row: int
    url: str | None
    name: str
    folder: str
    reason: str
    size: str
    error: str


@dataclass(frozen=True)
class QuarantineSection:
    """Counts by reason, in the order of the checks, and the first rows."""

    reasons: tuple[tuple[str, int, str], ...]  # reason, images, meaning
    rows: tuple[LeftOut, ...]
    total: int
    review: int
    path: str | None


def quarantine_section(findings: Findings, names: Names) -> QuarantineSection | None:
    """None where the scan wasn't finished."""
    if findings.manifest is None:
        return None
    out = findings.manifest[findings.manifest["reason"].notna()]
    counts = out["reason"].value_counts()
    path = findings.summary.paths.quarantine
    return QuarantineSection(
        reasons=tuple((reason, int(counts[reason]), MEANINGS[reason]) for reason in REASONS if reason in counts),
        rows=tuple(_left_out(n, row, findings, names) for n, row in enumerate(out.head(ROWS).itertuples(), start=1)),
        total=len(out),
        review=int(out["reason"].isin(REVIEW).sum()),
        path=str(path) if path else None,
    )


def _left_out(number: int, row: Any, findings: Findings, names: Names) -> LeftOut:
    return LeftOut(
        row=number,
        url=_picture(row, findings),
        name=names.image(row.path),
        folder=names.folder(row.label),
        reason=row.reason,
        size="" if pd.isna(row.width) else f"{row.width} × {row.height}",
        error="" if pd.isna(row.error) else names.text(row.error),
    )


def _picture(row: Any, findings: Findings) -> str | None:
    """Of what the scan knew the format of: nothing else is opened."""
    if findings.root is None or pd.isna(row.format) or row.reason == "bomb":
        return None
    picture = thumbnail(file_at(findings.root, row.path), SIDE, findings.settings.quality.max_pixels)
    return data_url(picture) if picture else None
