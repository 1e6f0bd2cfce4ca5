"""Slices: how the candidate does on parts of the test set, and where it does worst, in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from smearflow.evaluation.slices import Slice, in_words, worst
from smearflow.report.charts import reach
from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import Names
from smearflow.report.wording import NBSP

TITLES = {
    "size": "By size",
    "brightness": "By brightness",
    "hue": "By stain",
    "sharpness": "By sharpness",
}
FIRST = 8  # patients that are shown at once, the worst first


@dataclass(frozen=True)
class Row:
    """A slice, what it is called, and its accuracy as a picture beside that of the whole."""

    part: Slice
    called: str
    picture: Markup | None


@dataclass(frozen=True)
class SlicesSection:
    """The worst in words, parts by what was measured, patients from the worst on; ``small``: those without a figure."""

    worst: tuple[str, ...]
    any_sure: bool
    measured: int
    parts: tuple[tuple[str, tuple[Row, ...]], ...]
    patients: tuple[Row, ...]
    small: int
    first: int = FIRST


def slices_section(findings: Findings, names: Names) -> SlicesSection | None:
    """None where nothing was sliced."""
    found = findings.slices
    if not found:
        return None
    least = _least(found)
    rows = [Row(part, called(part, names), _picture(part, least)) for part in found]
    return SlicesSection(
        worst=tuple(told(part, names) for part in worst(found)),
        any_sure=any(part.surely_below for part in found),
        measured=sum(part.gap is not None for part in found),
        parts=tuple((title, tuple(row for row in rows if row.part.kind == kind)) for kind, title in TITLES.items()),
        patients=tuple(sorted((row for row in rows if row.part.group), key=_from_the_worst)),
        small=sum(part.gap is None for part in found),
    )


def told(part: Slice, names: Names) -> str:
    """One slice in a sentence."""
    return in_words(part, called(part, names)).replace(" %", f"{NBSP}%")


def called(part: Slice, names: Names) -> str:
    """What the reader knows a slice by."""
    return (names.patient(part.group) if part.group else None) or part.name


def _from_the_worst(row: Row) -> float:
    return math.inf if row.part.gap is None else row.part.gap.value


def _least(found: Sequence[Slice]) -> float:
    """Where the pictures begin: a tenth below the lowest interval, and no higher than 0.8."""
    lows = [part.accuracy.low for part in found if part.accuracy]
    return min(0.8, math.floor(10 * min(lows, default=0.8)) / 10)


def _picture(part: Slice, least: float) -> Markup | None:
    if part.accuracy is None or part.gap is None:
        return None
    return reach(part.accuracy, part.accuracy.value - part.gap.value, least)
