"""Both truths: a model held against the labels that people reviewed, and against the labels as they were given."""

from dataclasses import dataclass

import pandas as pd

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import figures_of

TRUTHS = ("label_given", "label_source")  # columns of the manifest
CHANGED = ("relabelled", "labelled")  # sources of a label that isn't the given one


@dataclass(frozen=True)
class Review:
    """What people said of the labels of the test set, in cells.

    ``images``: the test set; ``reviewed``: of these, looked at by somebody; ``changed``: of these, those whose label
    isn't the given one any more; ``excluded``: cells of test patients that were decided to be fit for nothing: they
    are in no set, and in no figure.
    """

    images: int
    reviewed: int
    changed: int
    excluded: int


def with_truths(table: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """``table`` (path, ...) with TRUTHS of the same cells of ``manifest``."""
    known = manifest.set_index("path")[list(TRUTHS)]
    return table.assign(**{name: known[name].reindex(table["path"]).to_numpy() for name in TRUTHS})


def review_of(table: pd.DataFrame, manifest: pd.DataFrame) -> Review:
    """What people said of the test cells of ``table`` (path, group, split), and of others of their patients."""
    of_sets = table.groupby("group")["split"].agg(["first", "nunique"])
    tested = of_sets.index[(of_sets["first"] == "test") & (of_sets["nunique"] == 1)]  # the others are of several sets
    source = with_truths(table[table["split"] == "test"], manifest)["label_source"]
    return Review(
        images=len(source),
        reviewed=int((source != "given").sum()),
        changed=int(source.isin(CHANGED).sum()),
        excluded=int(((manifest["reason"] == "excluded") & manifest["group"].isin(tested)).sum()),
    )


def against_given(test: pd.DataFrame, positive: str, threshold: float, resamples: int) -> dict[str, Interval]:
    """The figures of scored rows (label_given, label_source, group, probability) by the labels as given.

    At the same threshold; cells that came without a label are left out. Empty where nobody looked at any of them.
    """
    if (test["label_source"] == "given").all():
        return {}
    labelled = test[test["label_given"].notna()]
    return figures_of(labelled.assign(label=labelled["label_given"]), positive, threshold, resamples)
