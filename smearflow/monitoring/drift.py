"""Whether a batch of new cells looks like cells of unseen patients that the champion was measured on.

Cells of one patient look alike (intra-class correlation up to 0.96), so the patient is the unit: a batch's figure is
the mean over its patients of the patient's mean. If the batch is good, its patients and the reference's, none of whom
the champion was trained on, come from one population, and which of them are "the batch" is arbitrary. So the null is
made of batches of as many patients, drawn anew from all of them: a permutation test, whose false alarms stay below the
level for every number of patients and every distribution (Lehmann & Romano, Testing Statistical Hypotheses, 2005,
15.2; counting the batch itself as one draw: Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010). A batch is seen
through several measures at once: each is held against the null of the largest of them (max-T, Westfall & Young,
Resampling-Based Multiple Testing, 1993), which loses less than Bonferroni where measures go together.

The level holds over champions and batches together. A champion whose reference is off by chance calls more of its good
batches a warning than others do: with 44 reference patients and batches of 40, at most 2 % of them for the middling
champion, 9 to 16 % for one champion in 20 (benchmarks/drift.py).

A patient with few cells has a less certain mean. Both sides are therefore thinned to one distribution of cells a
patient first: each patient keeps no more cells than a patient drawn from the other side has.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from smearflow.monitoring.measures import BY_NAME, Measure, by_patient
from smearflow.settings import QualityCheck

Verdict = Literal["ok", "warning", "alarm"]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Bounds = tuple[float, float]

SEED = 1337
TAIL = 10  # draws that the null has beyond the alarm's level, at least
BLOCK = 4_000_000  # numbers drawn at a time: 32 MB
SAME = 1e-9  # means that differ by less are the same, but for rounding
NOTHING = 1e-12  # a variance that is only rounding, in units of the whole one


@dataclass(frozen=True)
class Check:
    """One measure of a batch against the reference, in the measure's unit.

    ``value`` and ``reference``: mean over patients of the batch and of the reference. ``warning`` and ``alarm``: from
    where to where a good batch's value lies, but for so many as the settings allow. ``threshold``: the bound that
    decided, or, where none is crossed, the nearest one. ``probability``: how often a good batch differs as much in
    some measure.
    """

    name: str
    value: float
    reference: float
    threshold: float
    warning: Bounds
    alarm: Bounds
    probability: float
    verdict: Verdict


@dataclass(frozen=True)
class Sides:
    """Means by patient of batch and reference in the same measures, float64 (patients, measures)."""

    measures: tuple[Measure, ...]
    batch: Floats
    reference: Floats


def compare(reference: pd.DataFrame, batch: pd.DataFrame, how: QualityCheck) -> tuple[Check, ...]:
    """Every measure that both sides have, the least likely first.

    Both: a row a cell, with the measures (float64, on their scales) and ``patient``; cells without one are left out.
    The same cells give the same checks.
    """
    draw = np.random.default_rng(SEED)
    sides = _sides(thinned(reference, batch, draw), thinned(batch, reference, draw))
    null = _null(sides, max(how.resamples, math.ceil(TAIL / how.alarm)), draw)
    levels = (_critical(null, how.warning), _critical(null, how.alarm))
    found = [_check(sides, column, null, levels) for column in range(len(sides.measures))]
    return tuple(sorted(found, key=lambda check: check.probability))


def could_alarm(patients: int, reference_patients: int, how: QualityCheck) -> bool:
    """Whether there are enough ways to draw the batch for the rarest of them to be an alarm."""
    return math.comb(patients + reference_patients, patients) * how.alarm >= 1


def thinned(cells: pd.DataFrame, others: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """``cells`` without those that a patient has beyond the number of cells of a patient drawn from ``others``."""
    known = cells[cells["patient"].notna()]
    theirs = others["patient"].value_counts().sort_index().to_numpy()
    names = np.sort(known["patient"].unique())
    most = pd.Series(draw.choice(theirs, len(names)), index=names)
    order = pd.Series(draw.random(len(known)), index=known.index).groupby(known["patient"]).rank()
    return known[order <= known["patient"].map(most)]


def _sides(reference: pd.DataFrame, batch: pd.DataFrame) -> Sides:
    """A measure that some patient lacks is left out, and one that is the same for all of them."""
    tables = [by_patient(cells.drop(columns="patient"), cells["patient"]) for cells in (batch, reference)]
    both = pd.concat(tables)
    kept = [name for name in both.columns if both[name].notna().all() and np.ptp(both[name].to_numpy()) > SAME]
    first, second = (table[kept].to_numpy(np.float64) for table in tables)
    return Sides(tuple(BY_NAME[name] for name in kept), first, second)


def _null(sides: Sides, draws: int, draw: np.random.Generator) -> Floats:
    """The largest distance of each batch drawn, (draws,), falling."""
    everyone = _standardised(np.concatenate([sides.batch, sides.reference]))
    chosen = _batches(len(sides.batch), len(everyone), draws, draw)
    largest = [_distances(sides.measures, everyone, batches).max(axis=1, initial=0) for batches in chosen]
    return np.sort(np.concatenate(largest))[::-1]


def _batches(size: int, patients: int, draws: int, draw: np.random.Generator) -> Iterator[Floats]:
    """Who is in each batch: 0 or 1, (some, patients), with ``size`` ones a row, ``draws`` rows in all."""
    step = max(1, BLOCK // patients)
    for at in range(0, draws, step):
        order = draw.random((min(step, draws - at), patients)).argsort(axis=1)
        yield (order < size).astype(np.float64)


def _standardised(values: Floats) -> Floats:
    """Columns of mean 0 and variance 1: the sums of squares below then lose no digits."""
    centred = values - values.mean(axis=0)
    spread: Floats = centred / centred.std(axis=0)
    return spread


def _distances(measures: tuple[Measure, ...], everyone: Floats, batches: Floats) -> Floats:
    """Student's t of each batch against all others, (batches, measures); without its sign where both sides count."""
    size = batches.sum(axis=1, keepdims=True)
    rest = len(everyone) - size
    mean = batches @ everyone / size
    other = -batches @ everyone / rest  # everyone's sum is 0
    within = np.maximum(len(everyone) - size * mean**2 - rest * other**2, NOTHING) / (len(everyone) - 2)
    t = (mean - other) / np.sqrt(within * (1 / size + 1 / rest))
    low = np.array([measure.side == "low" for measure in measures], dtype=bool)
    distances: Floats = np.where(low, -t, np.abs(t))
    return distances


def _critical(null: Floats, level: float) -> float:
    """The distance that a batch must exceed for its probability to be at most ``level``."""
    allowed = math.floor(level * (len(null) + 1)) - 1  # one of the draws is the batch itself
    return float(null[allowed]) if allowed >= 0 else math.inf


def _check(sides: Sides, column: int, null: Floats, levels: tuple[float, float]) -> Check:
    measure = sides.measures[column]
    batch, reference = sides.batch[:, column], sides.reference[:, column]
    value, expected, error = float(batch.mean()), float(reference.mean()), _error(batch, reference)
    distance = (value - expected) / error if error else math.copysign(math.inf, value - expected)
    distance = -distance if measure.side == "low" else abs(distance)
    warning, alarm = (_bounds(measure, expected, level * error) for level in levels)
    verdict: Verdict = "alarm" if distance > levels[1] else "warning" if distance > levels[0] else "ok"
    low, high = alarm if verdict == "alarm" else warning
    return Check(
        name=measure.name,
        value=measure.shown(value),
        reference=measure.shown(expected),
        threshold=low if value < expected or measure.side == "low" else high,
        warning=warning,
        alarm=alarm,
        probability=(int((null >= distance).sum()) + 1) / (len(null) + 1),
        verdict=verdict,
    )


def _error(batch: Floats, reference: Floats) -> float:
    """Standard error of the difference of the two means, from the pooled variance of patients."""
    sizes = len(batch), len(reference)
    squares = ((batch - batch.mean()) ** 2).sum() + ((reference - reference.mean()) ** 2).sum()
    return math.sqrt(squares / (sum(sizes) - 2) * (1 / sizes[0] + 1 / sizes[1]))


def _bounds(measure: Measure, expected: float, reach: float) -> Bounds:
    high = math.inf if measure.side == "low" else expected + reach
    return measure.shown(expected - reach), measure.shown(high)
