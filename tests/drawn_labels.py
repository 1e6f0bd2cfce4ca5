"""What people said of labels and how likely models hold each for wrong, drawn."""

from collections.abc import Mapping

import pandas as pd

from smearflow.data.decisions import Decision, Entry
from smearflow.data.label_scores import COLUMNS
from smearflow.data.manifest import as_manifest, usable
from smearflow.data.overlay import opinions, with_labels


def said_of(manifest: pd.DataFrame, words: Mapping[int, str], reader: str = "anna", first: int = 1) -> pd.DataFrame:
    """OPINIONS: what ``reader`` decided of usable cells of ``manifest``, by place, from number ``first``."""
    cells = usable(manifest)
    entries = []
    for number, (at, word) in enumerate(words.items(), start=first):
        cell = cells.iloc[at]
        decision = Decision(cell["path"], cell["sha256"], cell["label"], word, reader, "2026-11-29", "", "worst")
        entries.append(Entry(number, decision, "f" * 64))
    return opinions(entries)


def reviewed(manifest: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """``manifest`` as a run has it that goes by ``said``."""
    return as_manifest(with_labels(manifest, said))


def scored_labels(manifest: pd.DataFrame) -> pd.DataFrame:
    """A label_scores.parquet of ``manifest``, whose likeliest wrong label is its first cell's: 0.9, 0.88, and so on."""
    cells = usable(manifest)[["path", "sha256", "label", "group"]]
    wrong = [max(0.9 - 0.02 * n, 0.01) for n in range(len(cells))]
    table = cells.assign(probability=0.5, wrong=wrong, rank=range(1, len(cells) + 1), copies=None)
    return table[list(COLUMNS)].astype({"copies": "string"})
