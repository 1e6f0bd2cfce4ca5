"""The manifest is the data set: one row an image. This is its column contract.

Every stage after the scan reads it instead of the folder. Its digest covers content and labels, not paths or
times, and is the version of the data.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

# Why an image is left out: the first that holds, in this order.
REASONS = (
    "zero_bytes",
    "truncated",
    "corrupt",
    "not_an_image",
    "bomb",
    "unreadable",
    "mode",
    "size",
    "blank",
    "overexposed",
    "blurred",
    "excluded",
    "unlabelled",
    "unknown_class",
    "label_conflict",
    "duplicate",
    "near_duplicate",
    "contract",
)
# What is done to images that lose nothing by it, named in this order in the column `converted`.
CONVERSIONS = {
    "bilevel": "black and white",
    "grey": "one channel",
    "palette": "colours by number",
    "few bits": "5 or 6 bits a channel",
    "alpha": "transparency, laid on black as the crops' background is",
    "rotated": "EXIF says how to hold it upright",
}
REVIEW = ("unlabelled", "label_conflict")  # a person has to look: nothing is wrong with the image itself
# What people said of a label, as the column `label_source` has it.
LABEL_SOURCES = {
    "given": "nobody has looked",
    "kept": "looked at, and right",
    "relabelled": "looked at, and changed",
    "labelled": "it had none, and was given one",
    "excluded": "looked at, and fit for nothing",
    "unsure": "looked at, and left as it was",
    "disputed": "readers disagree, and it is left as it was",
}

MANIFEST, QUARANTINE = "manifest.parquet", "quarantine.parquet"  # files that hold them

Kind = Literal["string", "Int64", "Float64"]


@dataclass(frozen=True)
class Column:
    """One column of the manifest: name, pandas dtype (nullable), and what it means, with unit and range."""

    name: str
    dtype: Kind
    meaning: str


STATISTICS = (
    Column("red", "Float64", "mean of the red channel over the cell, 0-255"),
    Column("green", "Float64", "mean of the green channel over the cell, 0-255"),
    Column("blue", "Float64", "mean of the blue channel over the cell, 0-255"),
    Column("brightness", "Float64", "mean grey value over the cell, 0-255"),
    Column("contrast", "Float64", "standard deviation of the grey value over the cell, 0-255"),
    Column("sharpness", "Float64", "variance of the Laplacian of the smoothed grey image, at 128 px, inside the cell"),
    Column("foreground", "Float64", "share of pixels that are not black background, 0-1"),
    Column("glare", "Float64", "share of the cell's pixels that are near white (235 or more in each channel), 0-1"),
)

COLUMNS = (
    Column("path", "string", "path below the root, with forward slashes; sources.file_at finds the file"),
    Column("sha256", "string", "digest of the file's bytes; null where it couldn't be read"),
    Column("label", "string", "what the image is trained and measured as: a reader's word, else the class folder"),
    Column("label_given", "string", "name of the class folder; null in a flat folder"),
    Column("label_source", "string", "what people said of the label (LABEL_SOURCES)"),
    Column("group", "string", "whom the cell is from: what must never be in two sets"),
    Column("width", "Int64", "pixels, as stored"),
    Column("height", "Int64", "pixels, as stored"),
    Column("mode", "string", "Pillow's colour mode, as stored; ;16 where it would cut 16 bits to 8"),
    Column("format", "string", "format by content, whatever the name says"),
    Column("converted", "string", "what it took to make the pixels 8-bit RGB (CONVERSIONS); null: nothing"),
    Column("bytes", "Int64", "size of the file"),
    *STATISTICS,
    Column("phash", "string", "64-bit perceptual hash, 16 hexadecimal digits"),
    Column("pixels", "string", "digest of size and RGB pixels: the same whatever the file's format"),
    Column("cluster", "string", "which near-duplicates it is one of; null where it has none"),
    Column(
        "error",
        "string",
        "what was found, in few words: by the decoder, or a figure and its bound; null where nothing was",
    ),
    Column("reason", "string", "why the row is left out (REASONS); null where it is used"),
    Column(
        "breaks", "string", "rules of the contract that it breaks, `suite: sentence`; null where none, or not yet held"
    ),
)


@dataclass(frozen=True)
class Manifest:
    """A scanned data set in numbers, and where it is written down (both parquet)."""

    path: Path
    quarantine: Path  # path, reason, error of the rows that are left out
    digest: str
    root: Path
    images: int  # rows without a reason
    classes: dict[str, int]  # of these
    groups: int  # of these
    quarantined: int
    review: int
    reasons: dict[str, int]  # of the rows that are left out
    measured: int  # rows that were measured for it; the others were known from an earlier scan
    labelled: dict[str, int] = field(default_factory=dict)  # rows by label_source, those left out too

    @property
    def rows(self) -> int:
        return self.images + self.quarantined + self.review


def as_manifest(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with exactly the contract's columns, in order, in their dtypes, sorted by path."""
    frame = rows.reindex(columns=[c.name for c in COLUMNS])
    frame = frame.astype({c.name: c.dtype for c in COLUMNS})
    frame["label_source"] = frame["label_source"].fillna("given")
    return frame.sort_values("path", ignore_index=True)


def read_manifest(path: Path) -> pd.DataFrame:
    """The manifest at ``path``, in the contract's dtypes."""
    return as_manifest(pd.read_parquet(path))


def write_manifest(rows: pd.DataFrame, folder: Path) -> None:
    """``rows`` as manifest.parquet in ``folder``, and what is left out of them as quarantine.parquet."""
    rows.to_parquet(folder / MANIFEST, index=False, use_dictionary=False)  # most columns repeat little
    rows.loc[rows["reason"].notna(), ["path", "reason", "error"]].to_parquet(folder / QUARANTINE, index=False)


def manifest_of(rows: pd.DataFrame, folder: Path, root: Path, measured: int) -> Manifest:
    """The summary that stages exchange of the manifest ``rows``, once they are written to ``folder``."""
    used, left_out = usable(rows), rows["reason"].dropna()
    review = int(left_out.isin(REVIEW).sum())
    return Manifest(
        path=folder / MANIFEST,
        quarantine=folder / QUARANTINE,
        digest=content_digest(rows),
        root=root,
        images=len(used),
        classes={str(label): int(count) for label, count in used["label"].value_counts().sort_index().items()},
        groups=int(used["group"].nunique()),
        quarantined=len(left_out) - review,
        review=review,
        reasons={str(reason): int(count) for reason, count in left_out.value_counts().items()},
        measured=measured,
        labelled={str(source): int(count) for source, count in rows["label_source"].value_counts().items()},
    )


def usable(manifest: pd.DataFrame) -> pd.DataFrame:
    """The rows that training may use: those without a reason against them."""
    return manifest[manifest["reason"].isna()].reset_index(drop=True)


def conversions(manifest: pd.DataFrame) -> dict[str, int]:
    """How many of the rows of ``manifest`` were converted in which way; one row may count in several."""
    done = manifest["converted"].dropna().str.split(", ").explode()
    return {how: int((done == how).sum()) for how in CONVERSIONS if (done == how).any()}


def content_digest(manifest: pd.DataFrame) -> str:
    """The version of the data: over content, label, group and reason of each row, in any order of paths.

    What people said of labels is part of it, also where they kept them.
    """
    sha256, label, group, reason = (manifest[name].fillna("") for name in ("sha256", "label", "group", "reason"))
    told = "\t" + manifest["label_given"].fillna("") + "\t" + manifest["label_source"]
    said = told.where(manifest["label_source"] != "given", "")
    lines = sorted((sha256 + "\t" + label + "\t" + group + "\t" + reason + said).tolist())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def labels_digest(manifest: pd.DataFrame) -> str:
    """The version of the labels: over content and label of each row that training may use, in any order of paths."""
    rows = usable(manifest)
    lines = sorted((rows["sha256"].fillna("") + "\t" + rows["label"].fillna("")).tolist())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
