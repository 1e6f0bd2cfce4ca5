"""What labels are worth: the share of them that is wrong, and the ceiling that it puts on the accuracy of any model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from smearflow.data.manifest import usable
from smearflow.evaluation.intervals import Interval

SUSPECT = 0.5  # chance of being wrong, above which a label is one
SETTLED = ("kept", "relabelled", "labelled")  # by people


@dataclass(frozen=True)
class Worth:
    """What the labels of a data set are worth; shares are 0-1.

    ``wrong``: share of the labels as given that is wrong; ``by``: what it is known by, cells that people looked at at
    random, or the scores of models; ``classes``: the same by class as given, by the scores and what people decided;
    ``left``: share of the labels that count that is still wrong.
    """

    wrong: Interval
    by: Literal["random", "scores"]
    classes: Mapping[str, float]
    left: Interval

    @property
    def ceiling(self) -> Interval:
        """The accuracy that a perfect reader of cells reaches, judged by the labels as given."""
        return Interval(1 - self.wrong.value, 1 - self.wrong.high, 1 - self.wrong.low)


def judged_labels(scores: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """``scores`` (label_scores.parquet, the worst first) of the cells that are used, with what people said of each.

    By content, with the manifest's paths. Added: label_given, label_source, and ``chance``, 0-1, that the label as
    given is wrong: 0 or 1 where people have settled it, else as the models have it (``wrong``). Cells that came
    without a label are left out.
    """
    known = usable(manifest).drop_duplicates("sha256")[["sha256", "path", "label_given", "label_source"]]
    table = scores.drop(columns="path").merge(known[known["label_given"].notna()], on="sha256")
    changed = (table["label"] != table["label_given"]).astype(float)
    settled = table["label_source"].isin(SETTLED)
    return table.assign(chance=table["wrong"].astype(float).mask(settled, changed))


def suspects_unseen(table: pd.DataFrame, paths: pd.Series) -> int:
    """How many of ``paths`` have a label that is more likely wrong than not, and that nobody has looked at."""
    suspect = (table["label_source"] == "given") & (table["wrong"] > SUSPECT)
    return int(table.loc[suspect, "path"].isin(paths).sum())


def worth(table: pd.DataFrame, scored: Interval, random: Interval | None = None) -> Worth | None:
    """What the labels of ``table`` (``judged_labels``) are worth; None where there are none.

    ``scored``: the share of labels that models hold for wrong, whose interval is carried over to the labels that
    nobody has settled; ``random``: the share as given, from cells that people looked at at random, which needs no model
    and so comes first.
    """
    if table.empty:
        return None
    settled = table["label_source"].isin(SETTLED)
    changed = float((settled & (table["chance"] == 1)).mean())
    left = _times(scored, float(table["chance"].mask(settled, 0.0).mean()))
    classes = {str(name): float(chance) for name, chance in table.groupby("label_given")["chance"].mean().items()}
    if random is None:
        return Worth(_plus(left, changed), "scores", classes, left)
    return Worth(random, "random", classes, _plus(random, -changed))


def _times(figure: Interval, value: float) -> Interval:
    """``value`` with an interval that is as wide in proportion as the figure's."""
    if not figure.value > 0:
        return Interval(value, value, value)
    return Interval(value, value * figure.low / figure.value, min(1.0, value * figure.high / figure.value))


def _plus(figure: Interval, more: float) -> Interval:
    value, low, high = (min(1.0, max(0.0, at + more)) for at in (figure.value, figure.low, figure.high))
    return Interval(value, low, high)
