"""Slices: how a model does on parts of the test set: one patient, small cells, dark ones, another stain, blurred ones.

A whole can look well while a part of it doesn't (Oakden-Rayner et al. 2020, "Hidden stratification"). The interval of a
slice, and of its distance to the whole, is a patient bootstrap; in a slice of few patients, cells are drawn within them
too, because one patient drawn again and again has no spread.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import FEW_GROUPS, LEVEL, SEED, Codes, Interval, interval_of, widened
from smearflow.evaluation.metrics import Bools, Floats

Kind = Literal["patient", "size", "brightness", "hue", "sharpness"]
Counts = np.ndarray[Any, np.dtype[np.int64]]  # columns tp, fn, tn, fp

COLUMNS = ("width", "height", "red", "green", "blue", "brightness", "sharpness")  # of the manifest
PARTS, FEWER_PARTS = 4, 3  # that a measure is cut into: quarters, or thirds where quarters are too small
NAMED = 3  # of the worst slices


@dataclass(frozen=True)
class Slice:
    """One part of the test set. ``group``: the patient that it is, if it is one.

    ``accuracy``, ``sensitivity``, ``specificity``: 0-1, NaN where there is nothing to count; ``gap``: its accuracy
    minus that of the whole test set, -1 to 1; ``at_most``: the upper end of ``gap`` when as many slices are looked at
    as here, of which some lie low by chance. All are None where the slice has too few images for a figure.
    """

    kind: Kind
    name: str
    group: str | None
    images: int
    groups: int
    accuracy: Interval | None
    sensitivity: Interval | None
    specificity: Interval | None
    gap: Interval | None
    at_most: float | None = None

    @property
    def surely_below(self) -> bool:
        """Whether its accuracy lies below that of the whole, and not by chance."""
        return self.at_most is not None and self.at_most < 0


def slices(
    test: pd.DataFrame, manifest: pd.DataFrame, positive: str, threshold: float, resamples: int, fewest: int
) -> tuple[Slice, ...]:
    """The slices of a test set: its patients, then parts by size, brightness, stain hue and sharpness.

    ``test``: path, label, group and calibrated probability (0-1, of ``positive``; null where it couldn't be scored), a
    row a test image; ``manifest``: path and COLUMNS. A slice with fewer than ``fewest`` images has no figures. Where
    each image is a group of its own, groups are no slices. The same input gives the same intervals.
    """
    rows = test[test["probability"].notna()].merge(manifest[["path", *COLUMNS]], on="path", how="left")
    if rows.empty:
        return ()
    truth, called = (rows["label"] == positive).to_numpy(bool), (rows["probability"] >= threshold).to_numpy(bool)
    cells = np.stack([truth & called, truth & ~called, ~truth & ~called, ~truth & called], axis=1).astype(np.int64)
    codes, names = pd.factorize(rows["group"], use_na_sentinel=False)
    spread = _Spread(_by_group(cells, codes, len(names)), resamples)
    patients = [
        _Part("patient", f"patient {names[n]}", codes == n, str(names[n])) for n in _in_order(list(names), len(rows))
    ]
    parts = [*patients, *_measured_parts(rows, PARTS if len(rows) // PARTS >= fewest else FEWER_PARTS)]
    return _among_all([_slice(part, cells, codes, spread, fewest) for part in parts])


def worst(found: Sequence[Slice]) -> tuple[Slice, ...]:
    """Up to NAMED slices below the whole: first those that are surely so, from the one that is furthest at the least.

    Behind them come those that may be low by chance, from the one on that is least likely so.
    """
    below = [part for part in found if part.gap is not None and part.gap.value < 0]
    return tuple(sorted(below, key=_how_surely)[:NAMED])


def _how_surely(part: Slice) -> tuple[bool, float, str]:
    if part.gap is None or part.at_most is None:
        return True, math.inf, part.name
    if part.surely_below:
        return False, part.at_most, part.name
    return True, part.gap.value / max(part.gap.high - part.gap.value, 1e-9), part.name


def in_words(part: Slice, called: str) -> str:
    """``Cells of patient 7: 71 % (62 to 80) right of 120, where all cells have 96 %; sensitivity 64 % (49 to 78).``

    ``called``: what the reader knows the slice by: its name, or the pseudonym of its patient.
    """
    right, gap = part.accuracy, part.gap
    if right is None or gap is None:
        return f"Cells of {called}: too few to say ({part.images:,})."
    whole = f"where all cells have {100 * (right.value - gap.value):.0f} %"
    chance = "" if part.surely_below else ", which may be chance"
    known = part.sensitivity is not None and not math.isnan(part.sensitivity.value)
    found = f"; sensitivity {_percent(part.sensitivity)}" if part.sensitivity and known else ""
    return f"Cells of {called}: {_percent(right)} right of {part.images:,}, {whole}{chance}{found}."


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


@dataclass(frozen=True)
class _Part:
    """Which rows of the test set are a slice."""

    kind: Kind
    name: str
    inside: Bools
    group: str | None = None


class _Spread:
    """The test set in every resample of its patients: ``times`` (r, groups) drawn, and its share of right answers."""

    def __init__(self, by_group: Counts, resamples: int) -> None:
        self.draw = np.random.default_rng(SEED)
        self.by_group, self.resamples = by_group, resamples
        self.times = self._times(len(by_group))
        self.value = float(_right(by_group.sum(axis=0)))
        self.right = _right(self._cells(by_group, self.times))

    def of(self, mine: Counts, inside: Bools) -> Counts:
        """Cells (r, 4) of a slice whose ``mine`` (groups, 4) are of the groups ``inside`` (groups,).

        With many groups in the very resamples of the whole, so that what moves both cancels out of their distance.
        """
        if inside.sum() >= FEW_GROUPS:
            return self._cells(mine[inside], self.times[:, inside])
        return self._cells(mine[inside], self._times(int(inside.sum())))

    def _times(self, groups: int) -> Counts:
        return self.draw.multinomial(groups, np.full(groups, 1 / groups), size=self.resamples)

    def _cells(self, by_group: Counts, times: Counts) -> Counts:
        if len(by_group) >= FEW_GROUPS:
            return np.asarray(times @ by_group)
        drawn = np.zeros((self.resamples, 4), np.int64)
        for mine, often in zip(by_group, times.T, strict=True):
            drawn += self.draw.multinomial(often * mine.sum(), mine / mine.sum())
        return drawn


def _slice(part: _Part, cells: Counts, codes: Codes, spread: _Spread, fewest: int) -> Slice:
    mine = _by_group(cells[part.inside], codes[part.inside], len(spread.by_group))
    there, images = mine.sum(axis=1) > 0, int(part.inside.sum())
    bare = Slice(part.kind, part.name, part.group, images, int(there.sum()), None, None, None, None)
    if images < fewest:
        return bare
    whole, drawn = mine.sum(axis=0), spread.of(mine, there)
    right = _right(drawn)
    accuracy = widened(interval_of(float(_right(whole)), right), images)
    gap = interval_of(accuracy.value - spread.value, right - spread.right)
    return replace(
        bare, accuracy=accuracy, sensitivity=_rate(whole, drawn, 0, 1), specificity=_rate(whole, drawn, 2, 3), gap=gap
    )


def _among_all(found: Sequence[Slice]) -> tuple[Slice, ...]:
    """``found`` with ``at_most``: the reach of each gap made as much longer as so many looks ask (Bonferroni)."""
    measured = max(1, sum(s.gap is not None for s in found))
    one, all_of_them = (NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / looks) for looks in (1, measured))
    return tuple(
        replace(s, at_most=s.gap.value + (s.gap.high - s.gap.value) * all_of_them / one) if s.gap else s for s in found
    )


def _rate(whole: Counts, drawn: Counts, hit: int, miss: int) -> Interval:
    """Sensitivity or specificity: cells ``hit`` of ``hit`` and ``miss``."""
    value = _share(whole[hit], whole[hit] + whole[miss])
    spread = _share(drawn[:, hit], drawn[:, hit] + drawn[:, miss])
    return widened(interval_of(float(value), spread), int(whole[hit] + whole[miss]))


def _right(cells: Counts) -> Floats:
    return _share(cells[..., 0] + cells[..., 2], cells.sum(axis=-1))


def _share(part: Counts, whole: Counts) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(part, whole))


def _by_group(cells: Counts, codes: Codes, groups: int) -> Counts:
    """How many cells of each kind each group has, (groups, 4)."""
    return np.stack([np.bincount(codes, weights=column, minlength=groups) for column in cells.T], axis=1).astype(int)


def _in_order(names: Sequence[Any], images: int) -> list[int]:
    """Numbers of the groups, C9 before C10; none where each image is its own, or all are one."""
    if len(names) in (1, images):
        return []

    def natural(number: int) -> tuple[str, int, str]:
        name = str(names[number])
        letters = name.rstrip("0123456789")
        return letters, int(name[len(letters) :] or 0), name

    return sorted(range(len(names)), key=natural)


def _measured_parts(rows: pd.DataFrame, parts: int) -> Iterator[_Part]:
    """The parts by each thing that was measured."""
    of = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in COLUMNS}
    for low, high, end, inside in _cut(np.fmax(of["width"], of["height"]), parts, ("smallest", "largest")):
        yield _Part("size", f"longer side {low:.0f} to {high:.0f} px{end}", inside)
    for low, high, end, inside in _cut(of["brightness"], parts, ("darkest", "brightest")):
        yield _Part("brightness", f"brightness {low:.0f} to {high:.0f}{end}", inside)
    for low, high, _, inside in _cut(hue(of["red"], of["green"], of["blue"]), parts, ("", "")):
        yield _Part("hue", f"stain hue {low % 360:.0f}° to {high % 360:.0f}°", inside)
    for low, high, end, inside in _cut(of["sharpness"], parts, ("most blurred", "sharpest")):
        yield _Part("sharpness", f"sharpness {low:.2g} to {high:.2g}{end}", inside)


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
