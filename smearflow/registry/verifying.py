"""Proving the history of champions: the ledger's chain, the files of every version named in it, and who serves."""

from collections.abc import Mapping
from dataclasses import dataclass

from smearflow.errors import MissingPart
from smearflow.registry.champion import find_champion
from smearflow.registry.promoting import digests_of_files
from smearflow.registry.promotions import Entry, line_of_champions, read_promotions
from smearflow.registry.succession import Seat, number_of, settle
from smearflow.registry.versions import Version, registered_versions


@dataclass(frozen=True)
class Proof:
    """What was looked at, and what is wrong, a sentence each: nothing, where the history is proved.

    ``files``: how many were read; ``elsewhere``: entries about other names or registries, whose files weren't.
    """

    entries: int
    versions: int
    files: int
    elsewhere: int
    wrong: tuple[str, ...]


def verify(seat: Seat) -> Proof:
    """Read the ledger and every file of the versions that it names; in time with their size: 1 s for some 500 MB.

    Raises DataError where the chain of the ledger is broken, with the entry.
    """
    settle(seat)
    entries = read_promotions(seat.ledger)
    decisions = seat.decisions()
    registered = [entry for entry in decisions if entry.decision.files]
    versions = {version.number: version for version in registered_versions(seat.uri, seat.name)}
    wrong = [flaw for entry in registered for flaw in _flaws(seat, entry, versions)]
    said, holds = line_of_champions(decisions), number_of(find_champion(seat.uri, seat.name))
    if decisions and holds != (said[-1] if said else None):
        told = f"version {said[-1]}" if said else "nobody"
        wrong.append(f"The alias is at {f'version {holds}' if holds else 'no version'}, and the ledger says {told}.")
    return Proof(
        entries=len(entries),
        versions=len(registered),
        files=sum(len(entry.decision.files) for entry in registered),
        elsewhere=sum((e.decision.registry, e.decision.name) != (seat.registry, seat.name) for e in entries),
        wrong=tuple(wrong),
    )


def _flaws(seat: Seat, entry: Entry, versions: Mapping[int, Version]) -> list[str]:
    """What of the files that ``entry`` registered isn't as it says."""
    number, recorded = entry.decision.version, entry.decision.files
    version = versions.get(number or 0)
    if version is None:
        return [f"Version {number} (entry {entry.number}) isn't registered any more."]
    try:
        found = digests_of_files(seat.uri, version.champion)
    except MissingPart as error:
        return [f"Version {number} (entry {entry.number}): {error.what}"]
    return [
        f"Version {number} (entry {entry.number}): {name} {'is another' if name in found else 'is gone'}."
        for name, digest in recorded.items()
        if found.get(name) != digest
    ]
