"""In which order cells without labels are shown, so that few labels teach most.

What a cell is worth is how unsure the champion is of it (uncertainty sampling, Lewis & Gale 1994), times how far it
lies from the nearest cell before it (the greedy k-center of a core set, Sener & Savarese 2018), over the number of
cells of its slide that come before it. Without a champion all cells count as unsure.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.groups import slide_of
from smearflow.data.manifest import STATISTICS

Array = np.ndarray[Any, Any]

MEASURES = (*(column.name for column in STATISTICS), "width", "height")  # in which cells lie near each other or far
SKEWED = ("sharpness", "glare", "width", "height")
FIRST = 2000  # that are weighed one by one, a day's work and more; the others follow by what they are worth then
FLOOR = 0.1  # what a cell counts of which the champion is sure: it may be wrong where cells look new
FAR = 3.0  # standard deviations: a speck of dirt isn't worth more for being farther from all cells
READ = ("path", "sha256", "given", "group", "probability", "wrong")  # by the review page (review_queue.CELLS)
COLUMNS = (*READ, "uncertainty", "slide", "order")


def in_helpful_order(cells: pd.DataFrame) -> pd.DataFrame:
    """``cells`` (path, sha256, MEASURES; probability, 0-1, null where unknown) as a queue, a row a cell: COLUMNS.

    The most helpful comes first, and is 1 in ``order``; ``uncertainty``: entropy of the probability, 0-1 bit, null
    where that is; ``group`` is the slide, ``given`` and ``wrong`` are null.
    """
    rows = cells.sort_values("path", ignore_index=True)
    slides = rows["path"].map(slide_of).astype("string")
    probability = rows["probability"].astype("float64")
    unsure = uncertainty(probability.to_numpy())
    weight = FLOOR + np.nan_to_num(unsure, nan=0.0 if probability.notna().any() else 1.0)
    order = list(_ordered(_places(rows), weight, slides.factorize()[0]))
    nothing = pd.Series(pd.NA, index=rows.index, dtype="string")
    told = rows.assign(given=nothing, wrong=np.nan, group=slides, slide=slides)
    told = told.assign(probability=probability, uncertainty=unsure)
    queue = told.iloc[order].reset_index(drop=True)
    return queue.assign(order=np.arange(1, len(queue) + 1))[list(COLUMNS)]


def uncertainty(probability: Array) -> Array:
    """Entropy of ``probability`` (n,), 0-1, in bits: 1 where it is a half, NaN where it is."""
    inside = np.clip(probability, 1e-12, 1 - 1e-12)
    entropy: Array = -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))
    return entropy


def _places(rows: pd.DataFrame) -> Array:
    """Where each cell lies, (n, measures): standardised, unknown measures in the middle."""
    values = rows[list(MEASURES)].astype("float64")
    values[list(SKEWED)] = np.log1p(values[list(SKEWED)])
    spread = values.std(ddof=0).replace(0, 1)
    apart = ((values - values.mean()) / spread).clip(-FAR, FAR)
    places: Array = apart.fillna(0).to_numpy(np.float32)
    return places


def _ordered(places: Array, weight: Array, slides: Array) -> Iterator[int]:
    """Numbers of all cells, most helpful first."""
    if not len(places):
        return
    count, waiting = np.zeros(slides.max() + 1), np.ones(len(places), bool)
    worth = weight / (1 + np.linalg.norm(places, axis=1))  # the first is a typical one among those in doubt
    nearest = np.full(len(places), np.inf, np.float32)
    for _ in range(min(FIRST, len(places))):
        at = int(np.where(waiting, worth, -1).argmax())
        yield at
        waiting[at] = False
        count[slides[at]] += 1
        apart = places - places[at]
        nearest = np.minimum(nearest, np.einsum("nd,nd->n", apart, apart))
        worth = weight * np.sqrt(nearest) / (1 + count[slides])
    left = np.flatnonzero(waiting)
    yield from left[np.argsort(-worth[left], kind="stable")].tolist()
