"""CSV files of labels, as people pass them on: the queue that they fill in elsewhere, and what comes back.

Read: columns file or sha256 (or both), label, and, as one likes, reader, reason and given; others are passed by. Comma,
semicolon or tab; a file with one bad row is refused whole. Written: a text that a spreadsheet would take for a formula
gets an apostrophe before it, which is taken away again when it is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from smearflow.data.decisions import EXCLUDE, UNSURE, Decision, now
from smearflow.errors import UsageError
from smearflow.workspace import write_text

QUEUE = ("file", "sha256", "given", "score")  # columns of a written queue
WANTED = "Wanted are the columns file or sha256 (or both), and label; reader, reason and given if you like."
NAMED = 10  # bad rows that an error names
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a formula begins, to a spreadsheet
WINDOWS = re.compile(r"\\(?!x[0-9a-f]{2})")  # a backslash that isn't one of printable_path's
SHA256 = re.compile(r"[0-9a-f]{64}")

Row = dict[str, str]


@dataclass(frozen=True)
class LabelFile:
    """What a file of labels says, as it stands there: names, no matter what of it is in the data.

    ``undecided``: rows without a label, as those of a queue are that somebody has begun to fill in.
    """

    decisions: tuple[Decision, ...]
    undecided: int


@dataclass
class _Reading:
    """A file of labels, row by row. ``labels``: what may stand there, by how it is written in small letters."""

    labels: Mapping[str, str]
    reader: str
    time: str = field(default_factory=now)
    found: dict[tuple[str, str], tuple[int, Decision]] = field(default_factory=dict)  # by reader and cell, with line
    bad: list[str] = field(default_factory=list)
    undecided: int = 0

    def take(self, line: int, row: Row) -> None:
        """Take in one row; what is wrong with it is written down."""
        file = WINDOWS.sub("/", row.get("file", ""))
        sha256, label, reader, reason = (row.get(name, "").strip() for name in ("sha256", "label", "reader", "reason"))
        decided = self.labels.get(label.lower())
        if not label:
            self.undecided += any(value.strip() for value in row.values())
        elif not file.strip() and not sha256:
            self.bad.append(f"line {line}: neither file nor sha256 says which cell it is about")
        elif sha256 and not SHA256.fullmatch(sha256.lower()):
            self.bad.append(f"line {line}: {sha256[:70]!r} is no SHA-256 (64 hexadecimal digits)")
        elif decided is None:
            allowed = ", ".join(self.labels.values())
            self.bad.append(f"line {line}: {label!r} is none of {allowed}")
        else:
            given = self.labels.get(row.get("given", "").lower())
            who = reader or self.reader
            self._keep(line, Decision(file, sha256.lower() or None, given, decided, who, self.time, reason))

    def _keep(self, line: int, decision: Decision) -> None:
        cell = (decision.reader, decision.sha256 or decision.file)
        at, before = self.found.setdefault(cell, (line, decision))
        if before.decided != decision.decided:
            self.bad.append(f"line {line}: it says {decision.decided} of what line {at} says {before.decided} of")


def read_label_file(file: Path, classes: Sequence[str], reader: str) -> LabelFile:
    """The decisions in the CSV ``file``, each once, in its order; ``reader``: whose they are where no column says so.

    A label is one of ``classes``, in capitals or not, or exclude or unsure. Raises UsageError where the file isn't
    there or isn't such a CSV, with the first bad rows.
    """
    labels = {label.lower(): label for label in (*classes, EXCLUDE, UNSURE)}
    reading = _Reading(labels, reader)
    text = _text(file)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        names = [name.strip().lower() for name in next(lines, [])]
        _check_columns(file, names)
        for cells in lines:
            if len(cells) > len(names) and any(cells[len(names) :]):
                reading.bad.append(f"line {lines.line_num}: it has {len(cells)} fields, the first line {len(names)}")
            else:
                reading.take(lines.line_num, dict(zip(names, map(unguarded, cells), strict=False)))
    except csv.Error as error:
        raise UsageError(f"{file}, line {lines.line_num}: {error}.", "Save it anew as CSV.") from None
    if reading.bad:
        raise _refused(file, reading.bad)
    return LabelFile(tuple(decision for _, decision in reading.found.values()), reading.undecided)


def write_queue(file: Path, queue: pd.DataFrame) -> None:
    """Write ``queue`` (QUEUE; ``score``: 0-1, how likely the label is wrong), worst first, in one step.

    With a column label, filled in, it is what ``read_label_file`` reads. Raises DiskError where there is no room.
    """
    worst_first = queue.sort_values("score", ascending=False, kind="stable")
    scores = worst_first["score"].map("{:.4f}".format)
    rows = worst_first.assign(score=scores)[list(QUEUE)].astype("string").fillna("")
    write_rows(file, QUEUE, rows.to_numpy().tolist())


def write_rows(file: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV in one step, of text that no spreadsheet takes for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guarded(value) for value in row] for row in rows)
    write_text(file, text.getvalue())


def guarded(value: str) -> str:
    """``value``; with an apostrophe before it where it begins with one, or as a formula does to a spreadsheet."""
    return f"'{value}" if value.startswith((*FORMULA, "'")) else value


def unguarded(value: str) -> str:
    """What was ``guarded``."""
    return value[1:] if value.startswith("'") and value[1:].startswith((*FORMULA, "'")) else value


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(f"There is no file {file}.", "Name a CSV file of labels.") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} isn't UTF-8: its byte {error.start:,} fits nowhere.", "Save it as CSV UTF-8 (Excel has that name)."
        ) from None


def _delimiter(text: str) -> str:
    """What stands between the columns' names."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _check_columns(file: Path, names: Sequence[str]) -> None:
    if "label" not in names or not {"file", "sha256"} & set(names):
        found = ", ".join(name or "(no name)" for name in names) or "none"
        raise UsageError(f"{file} has the columns {found}.", WANTED)


def _refused(file: Path, bad: Sequence[str]) -> UsageError:
    more = [f"and {len(bad) - NAMED:,} more"] if len(bad) > NAMED else []
    what = f"{file} was not taken in: {len(bad):,} of its rows can't be."
    return UsageError("\n".join([what, *bad[:NAMED], *more]), "Mend these rows; until then nothing of the file counts.")
