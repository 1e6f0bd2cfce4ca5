"""Who decided what about labels, and what of it applies to the data: the figures behind `smearflow labels`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Decision, Entry
from smearflow.data.overlay import ABSENT, AMBIGUOUS, matched, opinions, with_labels

KINDS = ("kept", "relabelled", "labelled", EXCLUDE, UNSURE)  # of words, in the order in which they are shown


@dataclass(frozen=True)
class Reader:
    """One reader: decisions that count, by kind (KINDS); when the first and the last of them were made."""

    name: str
    decisions: int
    kinds: dict[str, int]
    since: str
    last: str


@dataclass(frozen=True)
class Applied:
    """What the decisions come to on the cells that run ``run_id`` saw.

    ``cells``: all of them; ``labels``: those that were looked at, by label_source; ``absent``, ``ambiguous``: decisions
    about a cell that isn't there, or by a name that several have.
    """

    run_id: str
    cells: int
    labels: dict[str, int]
    absent: int
    ambiguous: int


@dataclass(frozen=True)
class Tally:
    """All of it. ``readers``: everybody whose word counts on some cell; ``queues``: decisions that count, by queue and
    kind (KINDS); ``applied``: None where no run has seen cells."""

    entries: tuple[Entry, ...]
    readers: tuple[Reader, ...]
    queues: dict[str, dict[str, int]]
    applied: Applied | None

    def last(self, count: int) -> tuple[Entry, ...]:
        """The last ``count`` lines of the ledger, withdrawals too."""
        return self.entries[-count:]


def kind_of(decision: Decision) -> str:
    """What a decision is: one of KINDS, or withdrawn."""
    if decision.decided in (EXCLUDE, UNSURE, WITHDRAWN):
        return decision.decided
    if decision.given is None:
        return "labelled"
    return "kept" if decision.decided == decision.given else "relabelled"


def tally(entries: Sequence[Entry], known: tuple[str, pd.DataFrame] | None) -> Tally:
    """What ``entries`` come to. ``known``: the last run that has a manifest, and that; None: there is no such run."""
    said = opinions(entries)
    counting = _with_given([entries[number - 1].decision for number in said["number"].tolist()], said, known)
    return Tally(
        entries=tuple(entries),
        readers=tuple(_reader(name, told) for name, told in sorted(_by(counting, "reader").items())),
        queues={queue: _kinds(told) for queue, told in sorted(_by(counting, "queue").items())},
        applied=_applied(said, *known) if known else None,
    )


def _with_given(
    decisions: Sequence[Decision], said: pd.DataFrame, known: tuple[str, pd.DataFrame] | None
) -> list[Decision]:
    """``decisions``, of which ``said`` are the rows, with the label that their cells have in the data, as far as known:
    who decided before the first run didn't know it."""
    if known is None:
        return list(decisions)
    cells = known[1].dropna(subset=["sha256", "label_given"])
    given = dict(zip(cells["sha256"].tolist(), cells["label_given"].tolist(), strict=True))
    contents = matched(said, known[1]).tolist()
    return [
        replace(each, given=each.given or given.get(content)) for each, content in zip(decisions, contents, strict=True)
    ]


def _reader(name: str, told: Sequence[Decision]) -> Reader:
    times = sorted(decision.time for decision in told)
    return Reader(name, len(told), _kinds(told), times[0], times[-1])


def _applied(said: pd.DataFrame, run_id: str, cells: pd.DataFrame) -> Applied:
    contents = matched(said, cells)
    rows = with_labels(cells.assign(label=cells["label_given"]), said)
    sources = rows.loc[rows["label_source"] != "given", "label_source"].value_counts().sort_index()
    labels = {str(source): int(count) for source, count in sources.items()}
    return Applied(run_id, len(cells), labels, int((contents == ABSENT).sum()), int((contents == AMBIGUOUS).sum()))


def _by(decisions: Sequence[Decision], what: Literal["reader", "queue"]) -> dict[str, list[Decision]]:
    found: dict[str, list[Decision]] = {}
    for decision in decisions:
        found.setdefault(getattr(decision, what), []).append(decision)
    return found


def _kinds(decisions: Sequence[Decision]) -> dict[str, int]:
    counts = Counter(map(kind_of, decisions))
    return {kind: counts[kind] for kind in KINDS if counts[kind]}
