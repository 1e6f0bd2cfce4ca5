"""How the images were divided, and the proof that no patient is on both sides."""

from dataclasses import dataclass

import pandas as pd

from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import Names
from smearflow.summary import SplitCounts

SETS = {"train": "Training", "val": "Validation", "test": "Test"}


@dataclass(frozen=True)
class Part:
    """One set. ``positive``: images of the positive class."""

    name: str
    images: int
    groups: int
    positive: int

    @property
    def share(self) -> float:
        """Of positive images, 0-1; NaN of an empty set."""
        return self.positive / self.images if self.images else float("nan")


@dataclass(frozen=True)
class SplitSection:
    """The three sets, and what is proved of them. ``known``: groups of the data that were in the ledger before."""

    counts: SplitCounts
    parts: tuple[Part, ...]
    known: int
    figures: tuple[str, ...] = ("sensitivity", "specificity", "accuracy", "auc")


def split_section(findings: Findings, names: Names) -> SplitSection | None:
    """None where the split wasn't reached."""
    table, counts = findings.split, findings.summary.split
    if table is None or counts is None:
        return None
    positive = findings.settings.data.positive
    parts = tuple(_part(title, table[table["split"] == name], positive) for name, title in SETS.items())
    return SplitSection(counts, parts, known=table["group"].nunique() - (counts.added or 0))


def _part(title: str, rows: pd.DataFrame, positive: str) -> Part:
    return Part(title, len(rows), rows["group"].nunique(), int((rows["label"] == positive).sum()))
