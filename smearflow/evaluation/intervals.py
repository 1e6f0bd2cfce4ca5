"""Intervals that know that cells of one patient look alike: the bootstrap draws patients, never cells.

Drawing whole groups with replacement is the cluster bootstrap (Davison & Hinkley, Bootstrap Methods, 1997, section 3.8;
Field & Welsh, J. R. Statist. Soc. B 69, 2007); intervals are the percentiles 2.5 and 97.5 of the resamples.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.evaluation.metrics import Floats

SEED = 1337
LEVEL = 0.95

# Below this many groups whole patients alone say too little: cells are drawn anew within them as well, so that one
# patient doesn't give an interval of no width. It is then still too narrow; the count of groups is shown beside it.
FEW_GROUPS = 5

BLOCK = 1_000_000  # weights held at a time: 8 MB, which the processor's cache partly holds
THREADS = 2  # NumPy lets others work while it computes

Codes = np.ndarray[Any, np.dtype[np.intp]]
Statistic = Callable[[Floats], Mapping[str, Floats]]  # weights (r, n) -> figures (r,) by name


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval, all NaN where it couldn't be measured (no image of that class)."""

    value: float
    low: float
    high: float


def bootstrap(statistic: Statistic, groups: pd.Series, resamples: int) -> dict[str, Interval]:
    """Every figure of ``statistic`` with its interval; ``groups`` (n,) says whom each image is from.

    Resamples in which a figure can't be computed (they drew one class only) are left out of its percentiles. The same
    groups and ``resamples`` give the same intervals.
    """
    draw = np.random.default_rng(SEED)
    codes, names = pd.factorize(groups, use_na_sentinel=False)
    step = max(1, BLOCK // max(len(codes), 1))
    sizes = [min(step, resamples - at) for at in range(0, resamples, step)]
    weights = (resample(codes, len(names), size, draw) for size in sizes)
    with ThreadPoolExecutor(THREADS) as workers:
        spreads = list(_in_turn(workers, statistic, weights))
    values = statistic(np.ones((1, len(codes))))
    return {name: interval_of(float(values[name][0]), np.concatenate([s[name] for s in spreads])) for name in values}


def _in_turn(
    workers: ThreadPoolExecutor, statistic: Statistic, weights: Iterable[Floats]
) -> Iterator[Mapping[str, Floats]]:
    """``statistic`` of each block in order, with no more of them drawn ahead than there are workers."""
    waiting: deque[Future[Mapping[str, Floats]]] = deque()
    for block in weights:
        waiting.append(workers.submit(statistic, block))
        if len(waiting) > THREADS:
            yield waiting.popleft().result()
    yield from (future.result() for future in waiting)


def resample(codes: Codes, groups: int, resamples: int, draw: np.random.Generator) -> Floats:
    """How often each image counts in each resample of its patients: whole numbers, (resamples, n).

    ``codes`` (n,): the number, from 0, of each image's group; ``groups``: how many there are.
    """
    if not groups:
        return np.zeros((resamples, 0))
    times = draw.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    if groups >= FEW_GROUPS:
        return times[:, codes].astype(np.float64)
    weights = np.zeros((resamples, len(codes)))
    for group in range(groups):
        mine = np.flatnonzero(codes == group)
        weights[:, mine] = draw.multinomial(times[:, group] * len(mine), np.full(len(mine), 1 / len(mine)))
    return weights


def interval_of(value: float, spread: Floats) -> Interval:
    """A figure's ``value`` with the percentiles of its ``spread`` over resamples (r,), those without it left out."""
    known = spread[~np.isnan(spread)]
    if np.isnan(value) or not len(known):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(known, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(value, float(low), float(high))


def widened(interval: Interval, images: int) -> Interval:
    """``interval`` of a share, where the share is 0 or 1 in every resample and the bootstrap sees no spread.

    Its open end is then the exact binomial one over ``images`` (Clopper & Pearson, Biometrika 26, 1934): 1 of 1 isn't
    certainty. It counts images as independent, so it is a little narrow, where the bootstrap's would have no width.
    """
    if interval.low != interval.high or interval.value not in (0.0, 1.0) or not images:
        return interval
    reach = ((1 - LEVEL) / 2) ** (1 / images)
    return Interval(1.0, reach, 1.0) if interval.value == 1.0 else Interval(0.0, 0.0, 1 - reach)
