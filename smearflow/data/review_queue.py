"""Which cell a reader is shown next: the worst first, random ones among them, and what other readers have looked at.

The random ones ("blind": nobody can tell why a cell is shown) are the first so many of a fixed shuffle of all cells.
How many is decided by how many cells were looked at, never by what was found, and a cell of the shuffle that somebody
has decided about already counts without being shown again: so they are a simple random sample of all cells, whatever
the worst first order brings.
"""

import hashlib
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from smearflow.data.decisions import UNSURE
from smearflow.data.overlay import ABSENT, AMBIGUOUS, matched

SEED = 1337  # of the shuffle, and of the turns at which a random cell is due
WORST, BLIND, SECOND, THIRD, UNLABELLED = "worst", "blind", "second", "third", "unlabelled"
CELLS = ("path", "sha256", "given", "group", "probability", "wrong")


@dataclass(frozen=True)
class View:
    """One reader's last word on a cell, and from which queue. ``time``: ISO 8601, UTC; ``number``: in the ledger."""

    decided: str
    queue: str
    time: str
    number: int


Views = Mapping[str, Mapping[str, View]]  # by sha256, then by reader, in the order in which they looked


@dataclass(frozen=True)
class Order:
    """The order of all cells, before anybody has looked: sha256s.

    ``worst``: worst first; ``shuffled``: all in random order; ``turns``, bool: whether the n-th decision makes one
    more of ``shuffled`` due; ``readers``: how many look at each cell; ``fresh``: what the queue of new cells is called.
    """

    worst: Sequence[str]
    shuffled: Sequence[str]
    turns: Sequence[bool]
    readers: int = 1
    fresh: str = WORST


def cells_of(scores: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """CELLS of ``scores`` (label_scores.parquet), worst first, each content once, at its path in ``manifest``.

    ``given`` is the folder's label, null where there is none, and ``wrong`` is about that: the scores judge the label
    that counts by now, so that a label that a reader has put right is the more wrong the less the scores doubt it.
    """
    ordered = scores.sort_values("rank", kind="stable").drop_duplicates("sha256", ignore_index=True)
    known = manifest.drop_duplicates("sha256").set_index("sha256")[["path", "label_given"]].reindex(ordered["sha256"])
    path, given = (known[name].reset_index(drop=True) for name in known)
    changed = (given != ordered["label"]).fillna(True).astype(bool)
    wrong = ordered["wrong"].mask(changed, 1 - ordered["wrong"])
    cells = ordered.assign(path=path, given=given, wrong=wrong)[list(CELLS)]
    return cells[path.notna()].reset_index(drop=True)


def plain(cells: pd.DataFrame) -> pd.DataFrame:
    """``cells`` (CELLS) whose texts are Python's own, null None: they are gone through at every decision."""
    texts = {name: cells[name].astype(object).where(cells[name].notna(), None) for name in CELLS[:4]}
    return cells.assign(**texts)


def order_of(cells: pd.DataFrame, blind: float, readers: int) -> Order:
    """The order of ``cells`` (CELLS, worst first). ``blind``: the share of random cells, 0 to 0.5."""
    worst = cells["sha256"].tolist()
    shuffled = sorted(worst, key=lambda sha256: hashlib.sha256(f"{SEED} {sha256}".encode()).digest())
    turns = np.random.default_rng(SEED).random(len(worst)) < blind
    return Order(worst, shuffled if blind else [], turns.tolist(), readers)


def to_label(cells: pd.DataFrame) -> Order:
    """The order of ``cells`` (path, sha256) that have no label yet: as they come."""
    return Order(cells["sha256"].tolist(), [], [], fresh=UNLABELLED)


def views_of(said: pd.DataFrame, cells: pd.DataFrame) -> dict[str, dict[str, View]]:
    """What ``said`` (overlay.OPINIONS) says of ``cells`` (path, sha256). Words about other cells are no part of it."""
    content = matched(said, cells)
    about = said.assign(content=content)[~content.isin([ABSENT, AMBIGUOUS])].sort_values("number").astype(object)
    views: dict[str, dict[str, View]] = {}
    columns = ("content", "reader", "decided", "queue", "time", "number")
    for sha256, reader, *told in zip(*(about[name].tolist() for name in columns), strict=True):
        views.setdefault(sha256, {})[reader] = View(*told)
    return views


def upcoming(order: Order, views: Views, reader: str, later: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """The sha256 of each cell that ``reader`` is to look at, and from which queue, as if all were decided in turn.

    First what others disagree about, then, with two readers a cell, what one other has looked at, then new cells.
    ``later``: cells that the reader has put off.
    """
    off = set(later)
    for sha256, told in views.items():
        if sha256 not in off and reader not in told and disputed(told):
            yield sha256, THIRD
    for sha256, told in views.items():
        if order.readers > 1 and sha256 not in off and reader not in told and len(told) == 1:
            yield sha256, SECOND
    yield from _new(order, views, off)


def _new(order: Order, views: Views, off: set[str]) -> Iterator[tuple[str, str]]:
    """Cells that nobody has looked at: the worst, and a random one wherever one is due."""
    taken = off.union(views)
    shown = looked_at(views)
    drawn = sum(order.turns[:shown])
    due = deque(sha256 for sha256 in order.shuffled[:drawn] if sha256 not in taken)
    worst = iter(order.worst)
    while True:
        queue = BLIND if due else order.fresh
        sha256 = due.popleft() if due else next((each for each in worst if each not in taken), None)
        if sha256 is None:
            return
        if sha256 not in taken:  # a cell that was due may have had its turn as one of the worst
            taken.add(sha256)
            yield sha256, queue
            if shown < len(order.turns) and order.turns[shown] and drawn < len(order.shuffled):
                due.append(order.shuffled[drawn])
                drawn += 1
            shown += 1


def looked_at(views: Views) -> int:
    """How many cells were decided about on the page, worst or random."""
    return sum(any(view.queue in (WORST, BLIND) for view in told.values()) for told in views.values())


def sample_of(order: Order, views: Views) -> Sequence[str]:
    """The random sample so far: the first of the shuffle that are due, up to the first that nobody has looked at."""
    drawn = order.shuffled[: sum(order.turns[: looked_at(views)])]
    return drawn[: next((at for at, sha256 in enumerate(drawn) if sha256 not in views), len(drawn))]


def agreed(told: Mapping[str, View]) -> str | None:
    """What the readers of one cell come to: what most say, those who are unsure aside; None where they disagree."""
    words = [view.decided for view in told.values() if view.decided != UNSURE]
    if not words:
        return UNSURE
    votes = sorted((words.count(word) for word in set(words)), reverse=True)
    return None if votes[1:2] == votes[:1] else max(set(words), key=words.count)


def disputed(told: Mapping[str, View]) -> bool:
    """Whether readers of one cell disagree so that another has to look."""
    return len(told) > 1 and agreed(told) is None
