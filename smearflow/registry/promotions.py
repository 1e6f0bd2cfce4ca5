"""The promotion ledger: who held the alias of the champion, when and why.

JSON lines in WORKSPACE/promotion_ledger.jsonl, only ever added to, each in one write that is on the disk before the
next step. A line carries a digest over itself, byte by byte, and the line before, so that none can be changed, moved or
taken out unnoticed. What a kill in the middle of a write leaves is no such change, and is mended by who comes next.

A promotion is two lines: the intent before the alias moves, and the decision after. An intent that nothing followed is
open, and every line says which are: the last line alone tells whether something was left half done.
"""

import errno
import getpass
import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from smearflow.errors import DataError
from smearflow.room import told_of

Kind = Literal["promoted", "kept", "refused", "rolled_back", "restored"]
Step = Literal["intent", "decided", "undone"]

OPENS_TEST = ("promoted", "kept", "refused")  # decisions for which a test set was opened
START = hashlib.sha256(b"smearflow promotion ledger 1").hexdigest()  # where the chain begins
CHAIN = re.compile(rb', "chain": "([0-9a-f]{64})"\}')
AS_LONG_AS = len(b', "chain": "') + 64 + len(b'"}')


@dataclass(frozen=True)
class Decision:
    """What was decided about the champion of registered model ``name``.

    ``registry``: where that is: `workspace`, or an address without its password. ``version``: the champion after it;
    ``previous``: the one before; None where there is none. ``run``: id of the run that decided; ``model``: the
    candidate that was judged, or the model that was put back. ``checks``: the gate's, as mappings; ``test``: value, low
    and high of the candidate's figures, 0-1, null where nothing could be measured. ``digests``: of data, split, ledger,
    labels, code, lock and weights, by those names; ``files``: SHA-256 of each file of a new version. ``golden``: how
    the version repeated its golden batch, a sentence. ``forced``: it was put back although it didn't, or had changed.
    """

    decision: Kind
    registry: str
    name: str
    version: int | None
    previous: int | None
    why: str
    run: str | None = None
    model: str | None = None
    forced: bool = False
    checks: tuple[Mapping[str, Any], ...] = ()
    test: Mapping[str, tuple[float | None, float | None, float | None]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    golden: str | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the ledger. ``number`` counts from 1; ``when``: UTC, ISO 8601; ``who``: the user, where known.

    ``of``: the intent that it closes; ``recovered``: by a later command, because the one that began was killed.
    ``open``: intents that nothing has followed yet, as of this line. ``chain``: 64 hexadecimal digits.
    """

    number: int
    step: Step
    when: str
    who: str | None
    of: int | None
    recovered: bool
    open: tuple[int, ...]
    decision: Decision
    chain: str


def read_promotions(ledger: Path) -> tuple[Entry, ...]:
    """Every whole line of the ledger at ``ledger``, in order, checked; none where there is no ledger.

    Raises DataError, with the entry, where one was changed by another hand. A line that was cut off is passed by.
    """
    whole = _bytes(ledger).rpartition(b"\n")[0]
    entries: list[Entry] = []
    for line in whole.split(b"\n") if whole else []:
        entries.append(_checked(ledger, entries[-1] if entries else None, line))
    return tuple(entries)


def is_settled(ledger: Path) -> bool:
    """Whether nothing was left half done, by the last line alone: no intent is open, and no line is cut off."""
    data = _bytes(ledger)
    if not data:
        return True
    try:
        last = json.loads(data[data.rfind(b"\n", 0, -1) + 1 :])
        return data.endswith(b"\n") and last["open"] == []
    except (ValueError, KeyError, TypeError):
        return False


def append(ledger: Path, step: Step, decision: Decision, of: int | None = None, recovered: bool = False) -> Entry:
    """Add a line, on the disk when this returns. Whoever calls is alone with the ledger (workspace.alone).

    Raises DataError where the ledger was changed by another hand, DiskError where there is no room for the line.
    """
    mend(ledger)
    last = next(reversed(read_promotions(ledger)), None)
    number = last.number + 1 if last else 1
    still_open = [n for n in (last.open if last else ()) if n != of]
    facts = {
        "entry": number,
        "step": step,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(),
        "of": of,
        "recovered": recovered,
        "open": [*still_open, number] if step == "intent" else still_open,
        **plain(asdict(decision)),
    }
    text = json.dumps(facts, allow_nan=False).encode("ascii")
    line = text[:-1] + f', "chain": "{_link(last, text)}"}}'.encode("ascii")
    _write_through(ledger, line + b"\n")
    return _checked(ledger, last, line)


def mend(ledger: Path) -> None:
    """Take away a last line that was cut off in the writing; end one that lacks its line break alone.

    Raises DataError where the last line is no beginning of an entry: that was no kill.
    """
    data = _bytes(ledger)
    whole, _, torn = data.rpartition(b"\n")
    if not torn:
        return
    if _parts(torn):
        _write_through(ledger, b"\n")
        return
    if not torn.startswith(b'{"entry": '[: len(torn)]) or _is_whole_json(torn):
        raise _broken(ledger, whole.count(b"\n") + bool(whole) + 1, "it ends in something that is no entry")
    with ledger.open("r+b") as file:
        file.truncate(len(data) - len(torn))
        os.fsync(file.fileno())


def decided(entries: Iterable[Entry], registry: str, name: str) -> tuple[Entry, ...]:
    """The decisions about the champion of ``name``, without the intents that led to them."""
    asked = ("decided", registry, name)
    return tuple(e for e in entries if (e.step, e.decision.registry, e.decision.name) == asked)


def openings_of_test(decisions: Iterable[Entry]) -> int:
    """For how many of ``decisions`` a test set was opened."""
    return sum(entry.decision.decision in OPENS_TEST for entry in decisions)


def line_of_champions(decisions: Iterable[Entry]) -> list[int]:
    """The versions that held the alias, the present champion last, without those that a rollback went back behind."""
    line: list[int] = []
    for entry in decisions:
        before, after = entry.decision.previous, entry.decision.version
        if before is not None and before not in line:  # champion since before the ledger, or put there by hand
            line.append(before)
        if entry.decision.decision in ("rolled_back", "restored") and after in line:
            del line[line.index(after) + 1 :]
        elif after is not None and after not in line:
            line.append(after)
    return line


def plain(value: Any) -> Any:
    """``value`` as JSON can say it: dataclasses and collections taken apart, NaN and infinities as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):  # NumPy's too
        return float(value) if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)


def _bytes(ledger: Path) -> bytes:
    try:
        return ledger.read_bytes()
    except FileNotFoundError:
        return b""


def _link(before: Entry | None, text: bytes) -> str:
    """Where the chain stands after ``text``, which follows the entry ``before``."""
    return hashlib.sha256((before.chain if before else START).encode("ascii") + text).hexdigest()


def _parts(line: bytes) -> tuple[bytes, str] | None:
    """What a line says without its digest, and its digest; None where it doesn't end in one."""
    found = CHAIN.fullmatch(line, len(line) - AS_LONG_AS) if len(line) > AS_LONG_AS else None
    return (line[:-AS_LONG_AS] + b"}", found[1].decode("ascii")) if found else None


def _checked(ledger: Path, before: Entry | None, line: bytes) -> Entry:
    """The entry in ``line``, which must continue the one ``before``."""
    parts, number = _parts(line), before.number + 1 if before else 1
    if parts is None or _link(before, parts[0]) != parts[1]:
        raise _broken(ledger, number, "its digest doesn't continue the entry before it")
    facts: dict[str, Any] = json.loads(parts[0])
    if facts["entry"] != number:
        raise _broken(ledger, number, f"it says that it is entry {facts['entry']}")
    about = {each.name: facts[each.name] for each in fields(Decision)}
    about |= {"checks": tuple(facts["checks"]), "test": {name: tuple(figure) for name, figure in facts["test"].items()}}
    own = {name: facts[name] for name in ("step", "when", "who", "of", "recovered")}
    return Entry(number=number, **own, open=tuple(facts["open"]), decision=Decision(**about), chain=parts[1])


def _is_whole_json(text: bytes) -> bool:
    """Whether ``text`` begins with a whole object: then what follows it wasn't cut off, it was written."""
    try:
        json.JSONDecoder().raw_decode(text.decode("ascii"))
    except ValueError:  # UnicodeDecodeError too
        return not text.isascii()
    return True


def _write_through(ledger: Path, line: bytes) -> None:
    """Add ``line`` in one write, through to the disk. Where that is refused, nothing of it stays."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with told_of(ledger, len(line)):
        handle = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(handle).st_size
            try:
                if os.write(handle, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(ledger))
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)
        if not size:
            _sync_folder(ledger.parent)


def _sync_folder(folder: Path) -> None:
    """A new file outlives a power cut once its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _user() -> str | None:
    """The name of the user, where the machine knows one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _broken(ledger: Path, number: int, how: str) -> DataError:
    return DataError(
        f"The promotion ledger {ledger} was changed by another hand: entry {number}, {how}.",
        "Put the ledger back from a backup (`smearflow restore FILE`). Without one, move it away: a new one begins, "
        "and what this one tells of earlier champions is no longer proved.",
    )
