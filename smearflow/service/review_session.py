"""A review under way: what a reader is shown, and what becomes of a decision. Several tabs and readers may share one.

Whatever was said is read from the ledger, so that a reload, a crash or another process at the same ledger change
nothing. A decision is on the disk before its answer leaves.
"""

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Decision, append, now, read_decisions
from smearflow.data.neighbours import Neighbours
from smearflow.data.overlay import opinions
from smearflow.data.review_figures import ReviewFigures, figures_of, sentences
from smearflow.data.review_queue import Order, Views, plain, upcoming, views_of
from smearflow.data.sources import file_at
from smearflow.errors import UsageError

AHEAD = 6  # cells that the page is told of, so that it has their pictures before they are wanted
OFF = 20  # decisions until a cell that was put off comes back
SAW = "saw the model"  # the reason of a decision whose reader asked for the model's opinion first


@dataclass
class Session:
    """A review of ``cells`` (review_queue.CELLS, in ``order``), whose paths are below ``root``.

    ``ledger``: where decisions go; ``positive``: the class that ``probability`` is of; ``withdrawn``: how many
    decisions were taken back that had been made before.
    """

    cells: pd.DataFrame
    root: Path
    order: Order
    ledger: Path
    classes: tuple[str, ...]
    positive: str
    withdrawn: int = 0
    _views: Views = field(default_factory=dict)
    _read: tuple[int, int] | None = None  # the ledger's length and time when it was read
    _off: dict[tuple[str, str], int] = field(default_factory=dict)  # reader and cell: since which count
    _again: dict[str, tuple[str, str]] = field(default_factory=dict)  # reader: cell and queue that was taken back
    _queues: dict[tuple[str, str], str] = field(default_factory=dict)  # reader and cell: why it was shown
    _made: set[tuple[str, str]] = field(default_factory=set)  # reader and cell: decided here
    _asked: set[tuple[str, str]] = field(default_factory=set)  # reader and cell: the model was asked about it
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.cells = plain(self.cells)
        self._rows = {row["sha256"]: row for row in self.cells.to_dict("records")}
        self._near = Neighbours(self.cells)

    @property
    def made(self) -> int:
        """Decisions that were made here, and stand."""
        return len(self._made)

    def file_of(self, sha256: str) -> Path | None:
        """The file of a cell of this review; None where there is no such cell."""
        row = self._rows.get(sha256)
        return file_at(self.root, row["path"]) if row else None

    def state(self, reader: str) -> dict[str, Any]:
        """All that a page shows ``reader`` now: the next cells, what was decided last, and where the review stands."""
        with self._lock:
            views, figures = self._standing(reader)
            last = self._last(views, reader)
            return {
                "reader": reader,
                "classes": self.classes,
                "cells": [self._told(sha256) for sha256 in self._next(views, reader)],
                "last": last and {"number": last[1], "file": self._name(last[0]), "decided": last[2]},
                "figures": {name: value for name, value in asdict(figures).items() if not isinstance(value, dict)},
                "sentences": sentences(figures),
                "enough": figures.enough,
            }

    def decide(self, reader: str, sha256: str, decided: str) -> None:
        """Keep what ``reader`` says of a cell; nothing where they have said it already, in another tab.

        Raises UsageError where it can't be said.
        """
        row = self._rows.get(sha256)
        if row is None or decided not in (*self.classes, EXCLUDE, UNSURE):
            raise UsageError(
                f"{decided!r} of {sha256!r} isn't a decision about a cell of this review.", "Reload the page."
            )
        with self._lock:
            if reader in self._said().get(sha256, {}):
                return
            saw = SAW if (reader, sha256) in self._asked else ""
            self._keep(reader, sha256, decided, self._queues.get((reader, sha256), self.order.fresh), saw)
            self._again.pop(reader, None)
            self._made.add((reader, sha256))

    def undo(self, reader: str, number: int) -> None:
        """Take back what ``reader`` decided last, which must be line ``number`` of the ledger: another tab may have."""
        with self._lock:
            views = self._said()
            last = self._last(views, reader)
            if last is None or last[1] != number:
                return
            sha256, _, _, queue = last
            self._keep(reader, sha256, WITHDRAWN, queue)
            self._again[reader] = (sha256, queue)
            self._off.pop((reader, sha256), None)
            self.withdrawn += (reader, sha256) not in self._made
            self._made.discard((reader, sha256))

    def put_off(self, reader: str, sha256: str) -> None:
        """Show a cell later."""
        with self._lock:
            self._off[reader, sha256] = len(self._said())
            self._again.pop(reader, None)

    def opinion(self, reader: str, sha256: str) -> dict[str, Any] | None:
        """What models say of a cell that never saw its patient. That it was asked for goes with the decision."""
        row = self._rows.get(sha256)
        if row is None or pd.isna(row["probability"]):
            return None
        with self._lock:
            self._asked.add((reader, sha256))
        return {"positive": self.positive, "probability": float(row["probability"])}

    def figures(self, reader: str) -> ReviewFigures:
        """Where the review stands, with the speed of ``reader``."""
        with self._lock:
            return self._standing(reader)[1]

    def _keep(self, reader: str, sha256: str, decided: str, queue: str, reason: str = "") -> None:
        row = self._rows[sha256]
        append(self.ledger, [Decision(row["path"], sha256, row["given"], decided, reader, now(), reason, queue)])

    def _standing(self, reader: str) -> tuple[Views, ReviewFigures]:
        views = self._said()
        return views, figures_of(self.cells, self.order, views, reader)

    def _said(self) -> Views:
        """What was said by now: read again where the ledger has changed."""
        try:
            found = self.ledger.stat()
            read = (found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            read = (0, 0)
        if read != self._read:
            self._views = views_of(opinions(read_decisions(self.ledger)), self.cells)
            self._read = read
        return self._views

    def _next(self, views: Views, reader: str) -> Iterable[str]:
        """The next few cells for ``reader``; why each is shown is kept here, and told nobody."""
        count = len(views)
        off = {sha256 for (who, sha256), since in self._off.items() if who == reader and count < since + OFF}
        found = list(islice(upcoming(self.order, views, reader, off), AHEAD))
        if not found:  # nothing is left but what was put off
            self._off = {key: since for key, since in self._off.items() if key[0] != reader}
            found = list(islice(upcoming(self.order, views, reader), AHEAD))
        again = self._again.get(reader)
        if again and reader not in views.get(again[0], {}):
            found = [again, *(each for each in found if each[0] != again[0])]
        self._queues.update({(reader, sha256): queue for sha256, queue in found})
        return [sha256 for sha256, _ in found]

    def _last(self, views: Views, reader: str) -> tuple[str, int, str, str] | None:
        """What ``reader`` decided last on a page: cell, line of the ledger, word, queue."""
        mine = [
            (sha256, told[reader].number, told[reader].decided, told[reader].queue)
            for sha256, told in views.items()
            if reader in told and told[reader].queue != "import"
        ]
        return max(mine, key=lambda each: each[1], default=None)

    def _told(self, sha256: str) -> dict[str, Any]:
        near = [
            {"label": label, "cells": [{"sha256": each, "file": self._name(each)} for each in found]}
            for label, found in self._near.of(sha256)
        ]
        return {
            "sha256": sha256,
            "file": self._name(sha256),
            "given": self._rows[sha256]["given"],
            "near": near,
        }

    def _name(self, sha256: str) -> str:
        return str(self._rows[sha256]["path"]).rpartition("/")[2]
