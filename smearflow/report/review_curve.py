"""The review as a curve: wrong labels found by cells looked at, beside what scores promise and what chance brings."""

import pandas as pd

from smearflow.data.overlay import matched
from smearflow.evaluation.label_worth import SETTLED
from smearflow.report.charts import SQUARE, Axis, Chart, Series, lines

AHEAD = 1.5  # times what was looked at, that the promise is drawn for
LEAST = 100  # cells that are drawn at least
RANDOM = "blind"  # the queue of cells that come at random


def looked_at(said: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Whether the label as given was wrong, bool, of each cell that people settled, in the order in which they looked.

    ``said``: overlay.OPINIONS; ``table``: label_worth.judged_labels. Cells that came at random are left out.
    """
    content = matched(said, table)
    first = said.assign(content=content)[said["queue"] != RANDOM].sort_values("number").drop_duplicates("content")
    cells = table[table["label_source"].isin(SETTLED)].drop_duplicates("sha256").set_index("sha256")
    order = first.loc[first["content"].isin(cells.index), "content"]
    wrong: pd.Series = cells.loc[order, "chance"].eq(1).reset_index(drop=True)
    return wrong


def review_curve(said: pd.DataFrame, table: pd.DataFrame, share: float) -> Chart | None:
    """The chart, from what ``looked_at`` takes and the ``share`` (0-1) of all labels that is wrong; None without cells.

    What the scores promise is the sum of their chances, the likeliest first, as they are today.
    """
    found = looked_at(said, table).cumsum().tolist()
    shown = min(len(table), max(LEAST, round(AHEAD * len(found))))
    if not shown:
        return None
    promised = _promise(table).head(shown).cumsum().tolist()
    cells = Axis("cells looked at", 0, shown)
    wrong = Axis("wrong labels found", 0, max(1.0, 1.05 * max([*found, *promised])), length=SQUARE)
    series = [
        Series("as the scores promise", _points(promised), 1, "dashed"),
        Series("looking at random", [(0.0, 0.0), (float(shown), share * shown)], 7, "dashed"),
    ]
    if found:
        series.insert(0, Series("found so far", _points(found), 0, "strong"))
    told = f"{found[-1] if found else 0:,} found in {len(found):,}; {promised[-1]:.0f} promised in {shown:,}"
    return lines("Wrong labels found by cells looked at", told, cells, wrong, series)


def _promise(table: pd.DataFrame) -> pd.Series:
    """The chance, as models have it, that each label as given is wrong, the likeliest first."""
    wrong = table["wrong"].astype(float)
    given = wrong.where(table["label"] == table["label_given"], 1 - wrong)  # of a changed label they judge the new one
    return given.sort_values(ascending=False)


def _points(heights: list[float]) -> list[tuple[float, float]]:
    return [(0.0, 0.0), *((float(n), float(height)) for n, height in enumerate(heights, start=1))]
