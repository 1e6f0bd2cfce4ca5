"""What people decided about labels: WORKSPACE/labels.csv, only ever added to.

A line a decision, each in one write that is on the disk before anybody is told that it is kept. A line ends in a digest
over itself and the line before, so that none can be changed, moved or taken out unnoticed; what a kill in the middle of
a write leaves is no such change, and is mended by who writes next. Undoing is a line too.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from smearflow.errors import DataError
from smearflow.room import told_of
from smearflow.workspace import alone, write_text

EXCLUDE = "exclude"  # the picture is no good: no label fits
UNSURE = "unsure"
WITHDRAWN = "withdrawn"  # takes back what this reader said last of this cell
DIGITS = 64  # of a link of the chain, hexadecimal


@dataclass(frozen=True)
class Decision:
    """What ``reader`` decided about one cell.

    ``file``: its path below the data's root, or a bare name; ``sha256``: of its bytes, where known; ``given``: the
    label that it had; ``decided``: a class, EXCLUDE, UNSURE or WITHDRAWN; ``time``: UTC, ISO 8601; ``queue``: why it
    was shown: worst, blind, second (to another reader), third (two disagreed), unlabelled, or import.
    """

    file: str
    sha256: str | None
    given: str | None
    decided: str
    reader: str
    time: str
    reason: str = ""
    queue: str = "import"


@dataclass(frozen=True)
class Entry:
    """A line of the ledger. ``number`` counts from 1; ``chain``: where the chain stands after it."""

    number: int
    decision: Decision
    chain: str


HEADER = ",".join(("number", *(each.name for each in fields(Decision)), "chain"))
START = hashlib.sha256(HEADER.encode()).hexdigest()  # where the chain begins


def now() -> str:
    """This moment, as decisions note it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_decisions(ledger: Path) -> tuple[Entry, ...]:
    """Every whole line of ``ledger``, in order, checked; none where there is no ledger.

    Raises DataError, with the line, where one was changed by another hand. A line that was cut off is passed by.
    """
    return _checked(ledger, _bytes(ledger))


def head_of(entries: Sequence[Entry]) -> str:
    """Where the chain ends: the version of the ledger."""
    return entries[-1].chain if entries else START


def write_as_of(ledger: Path, head: str, target: Path) -> None:
    """Write to ``target`` what ``ledger`` was when its chain ended at ``head``. Raises DataError if it never did."""
    entries = read_decisions(ledger)
    count = next((entry.number for entry in entries if entry.chain == head), None)
    if count is None:
        raise DataError(
            f"The decisions in {ledger} are no later version of those that ended at {head[:12]}.",
            "Put that file back from a backup.",
        )
    lines = _bytes(ledger).decode().split("\n")[: count + 1]
    write_text(target, "\n".join(lines) + "\n")


def append(ledger: Path, decisions: Iterable[Decision]) -> tuple[Entry, ...]:
    """Add ``decisions``, all or none; they are on the disk when this returns.

    Raises DataError where the ledger was changed by another hand, DiskError where there is no room for them.
    """
    with alone(ledger.with_suffix(".lock")):
        _mend(ledger)
        known = read_decisions(ledger)
        added: list[Entry] = []
        lines: list[str] = []
        for number, decision in enumerate(decisions, start=len(known) + 1):
            text = _line(number, decision)
            added.append(Entry(number, decision, _link(head_of(added or known), text)))
            lines.append(f"{text},{added[-1].chain}\n")
        if added:
            begins = not _bytes(ledger)
            _write_through(ledger, "".join([HEADER + "\n", *lines] if begins else lines).encode())
    return tuple(added)


def _line(number: int, decision: Decision) -> str:
    """A line of CSV without its link. Whatever would break a line is a space."""
    told = ["" if value is None else " ".join(str(value).splitlines()) for value in astuple(decision)]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow((number, *told))
    return text.getvalue()


def _link(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


def _bytes(ledger: Path) -> bytes:
    try:
        return ledger.read_bytes()
    except FileNotFoundError:
        return b""


def _checked(ledger: Path, data: bytes) -> tuple[Entry, ...]:
    lines = data.split(b"\n")[:-1]  # what follows the last line break was cut off
    if not lines:
        return ()
    if lines[0] != HEADER.encode():
        raise _broken(ledger, 1, f"it isn't {HEADER}")
    entries: list[Entry] = []
    for number, line in enumerate(lines[1:], start=1):
        entries.append(_entry(ledger, number, line, head_of(entries)))
    return tuple(entries)


def _entry(ledger: Path, number: int, line: bytes, before: str) -> Entry:
    """The entry in ``line``, which must continue the chain."""
    try:
        text, _, chain = line.decode().rpartition(",")
        if _link(before, text) == chain:
            counted, file, sha256, given, *rest = next(csv.reader([text]))
            if counted == str(number):
                return Entry(number, Decision(file, sha256 or None, given or None, *rest), chain)
    except (UnicodeDecodeError, ValueError, StopIteration, TypeError, csv.Error):
        pass
    raise _broken(ledger, number + 1, "it doesn't continue the line before it")


def _mend(ledger: Path) -> None:
    """Take away what was cut off in the writing. A last line that lacks its line break alone is one that nobody was
    told is kept: it goes too."""
    data = _bytes(ledger)
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with ledger.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())


def _write_through(ledger: Path, lines: bytes) -> None:
    """Add ``lines`` through to the disk. Where that is refused, nothing of them stays."""
    with told_of(ledger, len(lines)), ledger.open("ab", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            left = memoryview(lines)
            while left:
                left = left[file.write(left) or 0 :]
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), size)
            raise


def _broken(ledger: Path, line: int, how: str) -> DataError:
    return DataError(
        f"The decisions in {ledger} were changed by another hand: line {line}, {how}.",
        "Put the file back from a backup (`smearflow restore FILE`). Without one, move it away, and bring what is "
        "right of it back in: smearflow review --import FILE (columns file or sha256, label, reader, reason).",
    )
