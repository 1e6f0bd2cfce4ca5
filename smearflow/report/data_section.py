"""The data: how many images, of what sizes, how they look, and whether they are what they must be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from smearflow.data.manifest import conversions, usable
from smearflow.data.sources import file_at
from smearflow.report.charts import Chart, histogram
from smearflow.report.findings import CheckLine, Findings
from smearflow.report.pictures import data_url, thumbnail
from smearflow.report.pseudonyms import Names
from smearflow.report.shapes import Shapes, shapes
from smearflow.report.wording import count, counted
from smearflow.summary import Dataset, Validation

SIDE = 80  # pixels of a cell on a sheet


@dataclass(frozen=True)
class Cell:
    """A picture, what it is called, and whom it is from."""

    url: str
    name: str
    patient: str | None


@dataclass(frozen=True)
class Sheet:
    """Some cells of a class, of as many patients as there are."""

    label: str
    images: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class DataSection:
    """Counts, distributions, sheets and the contract's lines, broken ones with the critical first."""

    counts: Dataset
    images_of: tuple[tuple[str, int, int], ...]  # class, images, groups
    formats: str
    modes: str
    converted: str  # a sentence; empty where all pixels are used as stored
    sizes: tuple[Chart, ...]
    shapes: Shapes | None
    looks: tuple[Chart, ...]
    sheets: tuple[Sheet, ...]
    validation: Validation | None
    broken: tuple[CheckLine, ...]
    held: tuple[CheckLine, ...]


def data_section(findings: Findings, names: Names) -> DataSection | None:
    """None where the scan wasn't finished."""
    if findings.manifest is None or findings.summary.dataset is None:
        return None
    rows = usable(findings.manifest)
    return DataSection(
        counts=findings.summary.dataset,
        images_of=tuple((str(label), len(mine), mine["group"].nunique()) for label, mine in _by_class(rows)),
        formats=_tally(rows["format"]),
        modes=_tally(rows["mode"]),
        converted=_converted(rows),
        sizes=tuple(_sizes(rows, column) for column in ("width", "height")) if len(rows) else (),
        shapes=shapes(rows),
        looks=_looks(rows),
        sheets=_sheets(rows, findings, names),
        validation=findings.summary.validation,
        broken=tuple(sorted((c for c in findings.checks if not c.passed), key=_gravity)),
        held=tuple(c for c in findings.checks if c.passed),
    )


def _by_class(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    labels = rows["label"].fillna("no class folder")
    return [(str(label), mine) for label, mine in rows.groupby(labels)]


def _tally(values: pd.Series) -> str:
    """``PNG 300, JPEG 2``."""
    return ", ".join(f"{name} {count(number)}" for name, number in values.value_counts().items())


def _converted(rows: pd.DataFrame) -> str:
    """``12 images were converted: palette 8, grey 4.``"""
    kinds = ", ".join(f"{how} {count(number)}" for how, number in conversions(rows).items())
    images = int(rows["converted"].notna().sum())
    return (
        f"{counted(images, 'image')} {'was' if images == 1 else 'were'} converted to 8-bit RGB: {kinds}."
        if kinds
        else ""
    )


def _sizes(rows: pd.DataFrame, column: str) -> Chart:
    low, middle, high = (rows[column].quantile(q) for q in (0, 0.5, 1))
    found = f"{count(len(rows))} images: {low:.0f} to {high:.0f} pixels, half of them up to {middle:.0f}."
    samples = [(label, [float(v) for v in mine[column]]) for label, mine in _by_class(rows)]
    return histogram(
        f"{column.capitalize()}: {low:.0f} to {high:.0f} px, median {middle:.0f}", found, "pixels", samples
    )


def _looks(rows: pd.DataFrame) -> tuple[Chart, ...]:
    """How bright cells are, and how they are stained: mean grey value, and mean red minus mean blue, over the cell."""
    measured = rows[rows[["brightness", "red", "blue"]].notna().all(axis=1)]
    if measured.empty:
        return ()
    stain = measured.assign(stain=measured["red"] - measured["blue"])
    return (
        _look(stain, "brightness", "Brightness of the cell", "grey value, 0 to 255"),
        _look(stain, "stain", "Red minus blue", "red minus blue, \N{MINUS SIGN}255 to 255"),
    )


def _look(rows: pd.DataFrame, column: str, title: str, unit: str) -> Chart:
    low, middle, high = (rows[column].quantile(q) for q in (0, 0.5, 1))
    samples = [(label, [float(v) for v in mine[column]]) for label, mine in _by_class(rows)]
    found = f"{low:.0f} to {high:.0f}, median {middle:.0f}".replace("-", "\N{MINUS SIGN}")
    return histogram(f"{title}: {found}", f"{count(len(rows))} images: {found}.", unit, samples)


def _sheets(rows: pd.DataFrame, findings: Findings, names: Names) -> tuple[Sheet, ...]:
    root, wanted = findings.root, findings.settings.report.sheet
    if root is None or not wanted:
        return ()
    bound = findings.settings.quality.max_pixels
    drawn = ((label, mine, _cells(_chosen(mine, wanted), root, bound, names)) for label, mine in _by_class(rows))
    return tuple(Sheet(label, len(mine), cells) for label, mine, cells in drawn)


def _chosen(rows: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """``wanted`` rows in the order of their digests (as good as drawn by lot), one a group before a second of any."""
    shuffled = rows.sort_values("sha256")
    turn = shuffled.groupby("group", dropna=False).cumcount()
    return shuffled.assign(turn=turn).sort_values(["turn", "sha256"]).head(wanted)


def _cells(rows: pd.DataFrame, root: Path, max_pixels: int, names: Names) -> tuple[Cell, ...]:
    return tuple(cell for row in rows.itertuples() if (cell := _cell(row, root, max_pixels, names)))


def _cell(row: Any, root: Path, max_pixels: int, names: Names) -> Cell | None:
    """None where the file has gone or changed since the scan."""
    picture = thumbnail(file_at(root, row.path), SIDE, max_pixels)
    return Cell(data_url(picture), names.image(row.path), names.patient(row.group)) if picture else None


def _gravity(check: CheckLine) -> bool:
    return check.severity != "critical"  # critical ones first
