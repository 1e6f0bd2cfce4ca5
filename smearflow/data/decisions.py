"""What people decided about labels: WORKSPACE/labels.csv, only ever added to.

A line a decision, each in one write that is on the disk before anybody is told that it is kept. A line ends in a digest
over itself and the line before, so that none can be changed, moved or taken out unnoticed; what a kill in the middle of
a write leaves is no such change, and is mended by who writes next. Undoing is a line too.

A line break in a file's name stands as \\x0a or \\x0d, as other bytes that can't be shown do in a manifest's paths.
"""

import contextlib
import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from smearflow.errors import DataError
from smearflow.room import told_of
from smearflow.workspace import alone, write_text

EXCLUDE = "exclude"  # the picture is no good: no label fits
UNSURE = "unsure"
WITHDRAWN = "withdrawn"  # takes back what this reader said last of this cell


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
FIELDS = attrgetter(*(each.name for each in fields(Decision)))
LOOSE = "it doesn't continue the line before it"
START = hashlib.sha256(HEADER.encode()).hexdigest()  # where the chain begins


def now() -> str:
    """This moment, as decisions note it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_decisions(ledger: Path) -> tuple[Entry, ...]:
    """Every whole line of ``ledger``, in order, checked; none where there is no ledger.

    Raises DataError, with the line, where one was changed by another hand. A line that was cut off is passed by.
    """
    whole = _checked(ledger, _bytes(ledger))
    return tuple(_entry(ledger, number, *each) for number, each in enumerate(whole, start=1))


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


@contextlib.contextmanager
def nobody_adding(ledger: Path) -> Iterator[None]:
    """Let nobody add to ``ledger`` meanwhile."""
    with alone(ledger.with_suffix(".lock")):
        yield


def append(ledger: Path, decisions: Iterable[Decision]) -> tuple[Entry, ...]:
    """Add ``decisions``, all or none; they are on the disk when this returns.

    Raises DataError where the ledger was changed by another hand, DiskError where there is no room for them.
    """
    with nobody_adding(ledger):
        data = _bytes(ledger)
        whole = _checked(ledger, data)
        _mend(ledger, data)
        head = whole[-1][1] if whole else START
        added: list[Entry] = []
        lines: list[str] = []
        for number, decision in enumerate(decisions, start=len(whole) + 1):
            text = _line(number, decision)
            head = _link(head, text.encode())
            added.append(Entry(number, decision, head))
            lines.append(f"{text},{head}\n")
        if added:
            begins = b"\n" not in data
            _write_through(ledger, "".join([HEADER + "\n", *lines] if begins else lines).encode())
    return tuple(added)


def _line(number: int, decision: Decision) -> str:
    """A line of CSV without its link. Whatever else would break a line is a space."""
    file, *others = FIELDS(decision)
    told = [file.replace("\n", r"\x0a").replace("\r", r"\x0d"), *(_on_one_line(value) for value in others)]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow((number, *told))
    return text.getvalue().encode(errors="backslashreplace").decode()  # what a terminal gave that is no UTF-8


def _on_one_line(value: str | None) -> str:
    return "" if value is None else " ".join(value.splitlines())


def _link(before: str, text: bytes) -> str:
    return hashlib.sha256(before.encode() + text).hexdigest()


def _bytes(ledger: Path) -> bytes:
    try:
        return ledger.read_bytes()
    except FileNotFoundError:
        return b""


def _checked(ledger: Path, data: bytes) -> list[tuple[bytes, str]]:
    """Each whole line of ``data`` without its link, and the link, once every line was seen to continue the chain."""
    lines = data.split(b"\n")
    cut_off = lines.pop()
    if lines and lines[0] != HEADER.encode():
        raise _broken(ledger, 1, f"it isn't {HEADER}")
    found: list[tuple[bytes, str]] = []
    head = START
    for line in lines[1:]:
        text, link = _apart(line)
        if _link(head, text) != link:
            raise _broken(ledger, len(found) + 2, LOOSE)
        head = link
        found.append((text, link))
    text, link = _apart(cut_off[:-1])
    if _link(head, text) == link:  # a whole line with another byte in the place of its line break: no kill leaves that
        raise _broken(ledger, len(found) + 2, LOOSE)
    return found


def _apart(line: bytes) -> tuple[bytes, str]:
    """The text of ``line`` and its link."""
    text, _, link = line.rpartition(b",")
    return text, link.decode(errors="replace")


def _entry(ledger: Path, number: int, text: bytes, link: str) -> Entry:
    """The entry in ``text``, which continues the chain."""
    try:
        counted, file, sha256, given, *rest = next(csv.reader([text.decode()]))
        if counted == str(number):
            file = file.replace(r"\x0a", "\n").replace(r"\x0d", "\r")
            return Entry(number, Decision(file, sha256 or None, given or None, *rest), link)
    except (UnicodeDecodeError, ValueError, StopIteration, TypeError, csv.Error):
        pass
    raise _broken(ledger, number + 1, "it is no decision")


def _mend(ledger: Path, data: bytes) -> None:
    """Take away what was cut off in the writing. A last line that lacks its line break alone is one that nobody was
    told is kept: it goes too."""
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
