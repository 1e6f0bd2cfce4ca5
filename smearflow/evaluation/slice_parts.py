"""What the slices of a test set are: its patients, and parts by size, brightness, stain hue and sharpness."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import Codes
from smearflow.evaluation.metrics import Bools, Floats

Kind = Literal["patient", "size", "brightness", "hue", "sharpness"]

COLUMNS = ("width", "height", "red", "green", "blue", "brightness", "sharpness")  # of the manifest
PARTS, FEWER_PARTS = 4, 3  # that a measure is cut into: quarters, or thirds where quarters are too small


@dataclass(frozen=True)
class Part:
    """Which rows of the test set are a slice. ``group``: the patient that it is, if it is one."""

    kind: Kind
    name: str
    inside: Bools
    group: str | None = None


def parts_of(rows: pd.DataFrame, codes: Codes, names: Sequence[Any], fewest: int) -> list[Part]:
    """The parts of ``rows`` (COLUMNS): each group, numbered by ``codes`` (n,) into ``names``, then by each measure.

    Groups are no parts where each image is its own, or all are one. ``fewest``: images that a part should have.
    """
    patients = [Part("patient", f"patient {names[n]}", codes == n, str(names[n])) for n in _in_order(names, len(rows))]
    return [*patients, *_measured(rows, PARTS if len(rows) // PARTS >= fewest else FEWER_PARTS)]


def _in_order(names: Sequence[Any], images: int) -> list[int]:
    """Numbers of the groups, C9 before C10; none where each image is its own, or all are one."""
    if len(names) in (1, images):
        return []

    def natural(number: int) -> tuple[str, int, str]:
        name = str(names[number])
        letters = name.rstrip("0123456789")
        return letters, int(name[len(letters) :] or 0), name

    return sorted(range(len(names)), key=natural)


def _measured(rows: pd.DataFrame, parts: int) -> Iterator[Part]:
    """The parts by each thing that was measured."""
    of = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in COLUMNS}
    for low, high, end, inside in _cut(np.fmax(of["width"], of["height"]), parts, ("smallest", "largest")):
        yield Part("size", f"longer side {low:.0f} to {high:.0f} px{end}", inside)
    for low, high, end, inside in _cut(of["brightness"], parts, ("darkest", "brightest")):
        yield Part("brightness", f"brightness {low:.0f} to {high:.0f}{end}", inside)
    for low, high, _, inside in _cut(hue(of["red"], of["green"], of["blue"]), parts, ("", "")):
        yield Part("hue", f"stain hue {low % 360:.0f}° to {high % 360:.0f}°", inside)
    for low, high, end, inside in _cut(of["sharpness"], parts, ("most blurred", "sharpest")):
        yield Part("sharpness", f"sharpness {_short(low)} to {_short(high)}{end}", inside)


def _short(value: float) -> str:
    """``0.38``, ``1.5``, ``140``."""
    return f"{value:.{0 if value >= 10 else 1 if value >= 1 else 2}f}"


def hue(red: Floats, green: Floats, blue: Floats) -> Floats:
    """The angle of mean colours (n,) in degrees: 0 red, 120 green, 240 blue, 300 purple; NaN of greys.

    Counted on beyond 360, or below 0, so that stains on both sides of red are neighbours: within 180 of their mean.
    """
    east, north = 2 * red - green - blue, math.sqrt(3) * (green - blue)
    angle = np.where((east == 0) & (north == 0), np.nan, np.degrees(np.arctan2(north, east)))
    turned = np.radians(angle[~np.isnan(angle)])
    if not len(turned):
        return angle
    middle = np.degrees(np.arctan2(np.sin(turned).mean(), np.cos(turned).mean()))
    return np.asarray(middle + (angle - middle + 180) % 360 - 180)


def _cut(values: Floats, parts: int, ends: tuple[str, str]) -> Iterator[tuple[float, float, str, Bools]]:
    """Least and greatest value, which end it is, and which rows, of each of ``parts`` about equal parts of ``values``.

    Fewer where many values are the same; none where all are.
    """
    known = ~np.isnan(values)
    if not known.any():
        return
    edges = np.unique(np.quantile(values[known], np.arange(1, parts) / parts))
    number = np.where(known, np.searchsorted(edges, values, side="right"), -1)
    there = np.unique(number[known])
    if len(there) < 2:
        return
    for part in there:
        end = {int(there[0]): ends[0], int(there[-1]): ends[1]}.get(int(part), "")
        mine = number == part
        yield float(values[mine].min()), float(values[mine].max()), f" ({end})" if end else "", mine
