"""The split ledger: which set each group was given, for good.

JSON lines. The first says whose ledger it is, how many entries it has and where their chain ends; then comes an entry
a group, in the order in which groups came. Each entry carries a digest over itself and the digest before, so that none
can be changed, moved or taken out unnoticed. Entries are only ever added, at the end. The file is written aside and
renamed: a run that is killed leaves the ledger of before or that of after.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smearflow.data.splitting import SETS
from smearflow.errors import DataError
from smearflow.settings import Data, Split
from smearflow.workspace import digest_of

FORMAT = 1


@dataclass(frozen=True)
class Ledger:
    """A ledger as it was read. ``belongs``: what it is for. ``sets``: train, val or test of each group, in order.

    ``chain``: where the chain stood before the first entry (a digest of ``belongs``) and after each, 64 hexadecimal
    digits. The last is the version of the ledger: every later version of it still has that in its chain.
    """

    path: Path
    belongs: Mapping[str, Any]
    sets: Mapping[str, str]
    chain: tuple[str, ...]

    @property
    def head(self) -> str:
        return self.chain[-1]


def belonging(data: Data, split: Split, registry_name: str) -> dict[str, Any]:
    """What a ledger is for: the line of champions that must not meet its test patients, and who is a patient.

    A changed ratio or seed asks for another division, so it has a ledger of its own. Drawn cells are others with every
    other setting of the demo. Where the images lie isn't part of it: data move, and grow.
    """
    demo = {"demo": data.demo.model_dump(exclude={"faults"})} if "demo" in data.sources else {}
    return {
        "registry.name": registry_name,
        "data.classes": sorted(data.classes),
        "groups": data.group_pattern if data.group == "pattern" else "every image for itself",
        "split.ratio": list(split.ratio),
        "split.seed": split.seed,
        **demo,
    }


def ledger_file(folder: Path, belongs: Mapping[str, Any]) -> Path:
    """Where in ``folder`` the ledger for ``belongs`` is kept."""
    return folder / f"{belongs['registry.name']}-{digest_of(belongs)[:12]}.jsonl"


def read_ledger(path: Path, belongs: Mapping[str, Any]) -> Ledger:
    """The ledger at ``path``, checked entry by entry; an empty one where there is none.

    Raises DataError, with the way out, where it was changed by another hand, or belongs to other data.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return Ledger(path, belongs, {}, (_start(belongs),))
    first = _parsed(path, 1, lines[0] if lines else b"")
    if first.get("ledger") != FORMAT or not isinstance(first.get("belongs"), dict):
        raise _broken(path, "line 1 doesn't say what the ledger belongs to")
    if first["belongs"] != belongs:
        raise _others(path, first["belongs"], belongs)
    ledger = _chained(path, belongs, lines[1:])
    if (first.get("entries"), first.get("head")) != (len(ledger.sets), ledger.head):
        raise _broken(path, f"its first line tells of {first.get('entries')} entries, and it has {len(ledger.sets):,}")
    return ledger


def refuse_strangers(ledger: Ledger, groups: Iterable[str]) -> None:
    """Raise DataError where none of the ledger's groups is among ``groups``: it is the ledger of other data."""
    if ledger.sets and ledger.sets.keys().isdisjoint(groups):
        raise DataError(
            f"The split ledger {ledger.path} belongs to other data: it holds {len(ledger.sets):,} groups "
            f"({', '.join(list(ledger.sets)[:3])}, ...), and none of them is in these images.",
            "Give these images a name of their own (--set registry.name=...) or another --workspace; "
            "or correct data.source or data.group_pattern.",
        )


def extended(ledger: Ledger, sets: Mapping[str, str]) -> Ledger:
    """``ledger`` with the groups of ``sets`` that it doesn't have yet at its end."""
    held, chain = dict(ledger.sets), list(ledger.chain)
    for group, chosen in sets.items():
        if group not in held:
            held[group] = chosen
            chain.append(_link(chain[-1], group, chosen))
    return Ledger(ledger.path, ledger.belongs, held, tuple(chain))


def write_ledger(ledger: Ledger) -> None:
    """Put ``ledger`` in the place of what is at its path, in one step that outlives a power cut."""
    first = {"ledger": FORMAT, "belongs": ledger.belongs, "entries": len(ledger.sets), "head": ledger.head}
    entries = zip(ledger.sets.items(), ledger.chain[1:], strict=True)
    lines = [first, *({"group": group, "split": chosen, "chain": link} for (group, chosen), link in entries)]
    ledger.path.parent.mkdir(parents=True, exist_ok=True)
    aside = ledger.path.with_name(f".{ledger.path.name}")  # one name: who writes is alone
    with aside.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(ledger.path)


def as_of(ledger: Ledger, head: str, path: Path) -> Ledger:
    """``ledger`` as it was when its chain ended at ``head``, for ``path``. Raises DataError if it never did."""
    if head not in ledger.chain:
        raise DataError(
            f"The split ledger {ledger.path} isn't a later version of the one that ended at {head[:12]}.",
            "Put that one back from a backup.",
        )
    count = ledger.chain.index(head)
    return replace(ledger, path=path, sets=dict(list(ledger.sets.items())[:count]), chain=ledger.chain[: count + 1])


def sets_in(path: Path) -> dict[str, str]:
    """The set of each group in the ledger at ``path``, which was checked before."""
    return {entry["group"]: entry["split"] for entry in _entries(path)}


def descends(path: Path, head: str) -> bool:
    """Whether the ledger at ``path`` is a later version of the one that ended at ``head``, or that one."""
    return any(entry["chain"] == head for entry in _entries(path))


def _entries(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()[1:]]


def _start(belongs: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(belongs, sort_keys=True).encode()).hexdigest()


def _link(before: str, group: str, chosen: str) -> str:
    return hashlib.sha256(json.dumps([before, group, chosen]).encode()).hexdigest()


def _chained(path: Path, belongs: Mapping[str, Any], lines: list[bytes]) -> Ledger:
    """The entries of ``lines``, each checked against the one before."""
    sets: dict[str, str] = {}
    chain = [_start(belongs)]
    for number, line in enumerate(lines, start=2):
        entry = _parsed(path, number, line)
        group, chosen = entry.get("group"), entry.get("split")
        if not isinstance(group, str) or chosen not in SETS or group in sets:
            raise _broken(path, f"line {number} gives no new group a set: {line[:80].decode(errors='replace')}")
        if entry.get("chain") != _link(chain[-1], group, chosen):
            raise _broken(path, f"line {number} ({group}: {chosen}) doesn't continue the line before it")
        sets[group] = chosen
        chain.append(entry["chain"])
    return Ledger(path, belongs, sets, tuple(chain))


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise _broken(path, f"line {number} is no entry: {line[:80].decode(errors='replace')!r}")
    return entry


def _broken(path: Path, how: str) -> DataError:
    return DataError(
        f"The split ledger {path} was changed by another hand: {how}.",
        "Put it back from a backup. Or give up what it promises: move it away, and patients are drawn anew, so that "
        "a champion of before may meet patients in the test set that it was trained on; --set registry.name=... "
        "then begins a line of champions of its own.",
    )


def _others(path: Path, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> DataError:
    keys = sorted(key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key))
    differing = "; ".join(f"{key} {theirs.get(key)!r}, not {ours.get(key)!r}" for key in keys)
    return DataError(
        f"The split ledger {path} belongs to other data: {differing}.",
        "Move it away: this run keeps one of its own under that name. "
        "Or set those keys to what the ledger has, to go on with it.",
    )
