"""Slices: how a model does on parts of the test set: one patient, small cells, dark ones, another stain, blurred ones.

A whole can look well while a part of it doesn't (Oakden-Rayner et al. 2020, "Hidden stratification"). The interval of a
slice, and of its distance to the whole, is a patient bootstrap; in a slice of few patients, cells are drawn within them
too, because one patient drawn again and again has no spread.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import FEW_GROUPS, LEVEL, SEED, Codes, Interval, interval_of, widened
from smearflow.evaluation.metrics import Bools, Floats
from smearflow.evaluation.slice_parts import COLUMNS, Kind, Part, parts_of

Counts = np.ndarray[Any, np.dtype[np.int64]]  # columns tp, fn, tn, fp
Looked = Literal["accuracy", "sensitivity"]  # figures by which a slice may be below the whole

NAMED = 3  # of the worst slices


@dataclass(frozen=True)
class Slice:
    """One part of the test set. ``group``: the patient that it is, if it is one; ``positives``: its positive images.

    ``accuracy``, ``sensitivity``, ``specificity``: 0-1, NaN where there is nothing to count; ``gap``: its accuracy
    minus that of the whole test set, -1 to 1; ``at_most``: the upper end of ``gap`` when as much is looked at as here,
    some of which lies low by chance; ``sensitivity_gap``, ``sensitivity_at_most``: the same of its sensitivity, None
    without positives. All are None where the slice has too few images for a figure.
    """

    kind: Kind
    name: str
    group: str | None
    images: int
    positives: int
    groups: int
    accuracy: Interval | None = None
    sensitivity: Interval | None = None
    specificity: Interval | None = None
    gap: Interval | None = None
    at_most: float | None = None
    sensitivity_gap: Interval | None = None
    sensitivity_at_most: float | None = None

    @property
    def looked_at(self) -> dict[Looked, tuple[Interval, float]]:
        """Gap and its upper end among all that was looked at, of the figures that are known."""
        known: dict[Looked, tuple[Interval | None, float | None]] = {
            "accuracy": (self.gap, self.at_most),
            "sensitivity": (self.sensitivity_gap, self.sensitivity_at_most),
        }
        return {name: (gap, end) for name, (gap, end) in known.items() if gap is not None and end is not None}

    @property
    def surely_below(self) -> bool:
        """Whether accuracy or sensitivity lie below those of the whole, and not by chance."""
        return any(end < 0 for _, end in self.looked_at.values())

    @property
    def lowest(self) -> Looked | None:
        """The figure by which it is most surely below the whole; None where none is."""
        below = [(_how_surely(*look), name) for name, look in self.looked_at.items() if look[0].value < 0]
        return min(below)[1] if below else None


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
    parts = parts_of(rows, codes, list(names), fewest)
    return _among_all([_slice(part, cells, codes, spread, fewest) for part in parts])


def worst(found: Sequence[Slice]) -> tuple[Slice, ...]:
    """Up to NAMED slices below the whole: first those that are surely so, from the one that is furthest at the least.

    Behind them come those that may be low by chance, from the one on that is least likely so.
    """
    below = [(_how_surely(*part.looked_at[part.lowest]), part.name, part) for part in found if part.lowest]
    return tuple(part for _, _, part in sorted(below, key=lambda each: each[:2])[:NAMED])


def in_words(part: Slice, called: str) -> str:
    """``Cells of patient 7: 71 % (62 to 80) right of 120, where all cells have 96 %.``

    Where sensitivity is what is low: ``Cells of ...: 44 % (20 to 71) of 9 infected ones found, of all 96 %.``
    ``called``: what the reader knows the slice by: its name, or the pseudonym of its patient.
    """
    right, gap, found = part.accuracy, part.gap, part.sensitivity
    if right is None or gap is None:
        return f"Cells of {called}: too few to say ({part.images:,})."
    if part.lowest == "sensitivity" and found is not None and part.sensitivity_gap is not None:
        share = f"{_percent(found)} of {part.positives:,} infected ones found"
        whole = f"of all {100 * (found.value - part.sensitivity_gap.value):.0f} %"
    else:
        share = f"{_percent(right)} right of {part.images:,}"
        whole = f"where all cells have {100 * (right.value - gap.value):.0f} %"
    return f"Cells of {called}: {share}, {whole}{'' if part.surely_below else '; it may be chance'}."


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"


def _how_surely(gap: Interval, at_most: float) -> tuple[bool, float]:
    """Sorts what is surely below first, by how far at the least; then the rest by how unlikely chance is."""
    if at_most < 0:
        return False, at_most
    return True, gap.value / max(gap.high - gap.value, 1e-9)


class _Spread:
    """The test set in every resample of its patients: ``times`` (r, groups) drawn, and the cells (r, 4) of it."""

    def __init__(self, by_group: Counts, resamples: int) -> None:
        self.draw = np.random.default_rng(SEED)
        self.by_group, self.resamples = by_group, resamples
        self.times = self._times(len(by_group))
        self.whole = by_group.sum(axis=0)
        self.drawn = self._cells(by_group, self.times)

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


def _slice(part: Part, cells: Counts, codes: Codes, spread: _Spread, fewest: int) -> Slice:
    mine = _by_group(cells[part.inside], codes[part.inside], len(spread.by_group))
    there, whole = mine.sum(axis=1) > 0, mine.sum(axis=0)
    images, positives = int(whole.sum()), int(whole[:2].sum())
    bare = Slice(part.kind, part.name, part.group, images, positives, int(there.sum()))
    if images < fewest:
        return bare
    drawn = spread.of(mine, there)
    accuracy, gap = _beside(_accuracy, whole, drawn, spread, images)
    sensitivity, sensitivity_gap = _beside(_sensitivity, whole, drawn, spread, positives)
    specificity, _ = _beside(_specificity, whole, drawn, spread, images - positives)
    known = None if math.isnan(sensitivity.value) else sensitivity_gap
    return replace(
        bare, accuracy=accuracy, sensitivity=sensitivity, specificity=specificity, gap=gap, sensitivity_gap=known
    )


def _beside(
    figure: Callable[[Counts], Floats], whole: Counts, drawn: Counts, spread: _Spread, rests_on: int
) -> tuple[Interval, Interval]:
    """A slice's figure, and that less the figure of the whole test set.

    Where all resamples say 0 or 1, the gap gets the width that ``widened`` gives the figure.
    """
    value, values, all_of_it = float(figure(whole)), figure(drawn), float(figure(spread.whole))
    raw = interval_of(value, values)
    wide = widened(raw, rests_on)
    gap = interval_of(value - all_of_it, values - figure(spread.drawn))
    low = gap.value - math.hypot(gap.value - gap.low, raw.low - wide.low)
    high = gap.value + math.hypot(gap.high - gap.value, wide.high - raw.high)
    return wide, Interval(gap.value, low, high)


def _among_all(found: Sequence[Slice]) -> tuple[Slice, ...]:
    """``found`` with the upper ends of gaps as much further away as so many looks ask (Bonferroni)."""
    looks = max(1, sum((s.gap is not None) + (s.sensitivity_gap is not None) for s in found))
    one, all_of_them = (NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / number) for number in (1, looks))

    def end(gap: Interval | None) -> float | None:
        return None if gap is None else gap.value + (gap.high - gap.value) * all_of_them / one

    return tuple(replace(s, at_most=end(s.gap), sensitivity_at_most=end(s.sensitivity_gap)) for s in found)


def _accuracy(cells: Counts) -> Floats:
    return _share(cells[..., 0] + cells[..., 2], cells.sum(axis=-1))


def _sensitivity(cells: Counts) -> Floats:
    return _share(cells[..., 0], cells[..., 0] + cells[..., 1])


def _specificity(cells: Counts) -> Floats:
    return _share(cells[..., 2], cells[..., 2] + cells[..., 3])


def _share(part: Counts, whole: Counts) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.true_divide(part, whole))


def _by_group(cells: Counts, codes: Codes, groups: int) -> Counts:
    """How many cells of each kind each group has, (groups, 4)."""
    return np.stack([np.bincount(codes, weights=column, minlength=groups) for column in cells.T], axis=1).astype(int)
