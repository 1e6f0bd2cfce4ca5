"""Decisions that come from elsewhere, brought into the ledger: names become contents, and nothing counts twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from smearflow.data.decisions import Decision, append, read_decisions
from smearflow.data.overlay import ABSENT, AMBIGUOUS, matched, opinions

Word = tuple[str, str]  # a reader, and the cell


@dataclass(frozen=True)
class Imported:
    """What became of decisions that were brought in: ``added`` to the ledger, or ``known``, as said before.

    Of those added, ``changed`` are another word of the reader on the same cell. Of all, ``absent`` aren't in the data,
    and ``ambiguous`` go by a name that several cells there have: they are kept by name, and wait.
    """

    added: int
    known: int
    changed: int
    absent: int
    ambiguous: int


def bring_in(ledger: Path, decisions: Sequence[Decision], cells: pd.DataFrame | None) -> Imported:
    """Add to ``ledger`` what of ``decisions`` isn't its reader's word already.

    ``cells`` (path, sha256, label_given): the data as they were last seen, in which names are looked up; None: they
    weren't seen yet. Raises DataError where the ledger was changed by another hand, DiskError where there is no room.
    """
    names = {"file": [each.file for each in decisions], "sha256": [each.sha256 for each in decisions]}
    contents = _contents(pd.DataFrame(names, dtype="string"), cells)
    said = opinions(read_decisions(ledger))
    cells_said = _cells_of(said, _contents(said, cells))
    words: dict[Word, str] = dict(
        zip(zip(said["reader"], cells_said, strict=True), said["decided"].tolist(), strict=True)
    )
    facts = _facts(cells)
    added: list[Decision] = []
    changed = 0
    for decision, content in zip(decisions, contents, strict=True):
        settled = decision
        if content in facts:
            path, given = facts[content]
            settled = replace(decision, file=path, sha256=content, given=given)
        word = (settled.reader, settled.sha256 or settled.file)
        if words.get(word) != settled.decided:
            added.append(settled)
            changed += word in words
            words[word] = settled.decided
    append(ledger, added)
    waiting = [contents.count(kind) if cells is not None else 0 for kind in (ABSENT, AMBIGUOUS)]
    return Imported(len(added), len(decisions) - len(added), changed, *waiting)


def _contents(said: pd.DataFrame, cells: pd.DataFrame | None) -> list[str]:
    """The content each of ``said`` (file, sha256) is about, as ``matched`` tells; all ABSENT where none were seen."""
    return [ABSENT] * len(said) if cells is None else matched(said, cells).tolist()


def _cells_of(said: pd.DataFrame, contents: Sequence[str]) -> list[str]:
    """What stands for the cell of each of ``said``: its content in the data, else what the decision calls it."""
    called = said["sha256"].fillna(said["file"]).tolist()
    return [name if content in (ABSENT, AMBIGUOUS) else content for name, content in zip(called, contents, strict=True)]


def _facts(cells: pd.DataFrame | None) -> dict[str, tuple[str, str | None]]:
    """Path and given label of each content in the data."""
    if cells is None:
        return {}
    first = cells.dropna(subset="sha256").drop_duplicates("sha256")
    given = first["label_given"].astype(object).where(first["label_given"].notna(), None)
    rows = zip(first["path"].tolist(), first["sha256"].tolist(), given.tolist(), strict=True)
    return {sha256: (path, label) for path, sha256, label in rows}
