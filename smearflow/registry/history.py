"""The history of a registered model: every decision, and who of its versions held the alias when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smearflow.registry.champion import find_champion
from smearflow.registry.promotions import Entry, plain
from smearflow.registry.succession import Seat, number_of, settle
from smearflow.registry.versions import Version, registered_versions


@dataclass(frozen=True)
class Held:
    """A time in which a version held the alias: from and until when, UTC, ISO 8601; None: before the ledger, or now."""

    since: str | None
    until: str | None


@dataclass(frozen=True)
class Past:
    """One version, whether it is champion, and when it was; ``held`` is empty where it never was."""

    version: Version
    champion: bool
    held: tuple[Held, ...]


def history(seat: Seat) -> tuple[tuple[Past, ...], tuple[Entry, ...]]:
    """Every version in order, and every decision in order. Milliseconds for a registry in SQLite.

    Raises DataError where the ledger was changed by another hand, MissingPart where the registry can't be used.
    """
    settle(seat)
    decisions = seat.decisions()
    champion = number_of(find_champion(seat.uri, seat.name))
    versions = registered_versions(seat.uri, seat.name)
    pasts = tuple(Past(v, v.number == champion, _held(v.number, decisions, champion)) for v in versions)
    return pasts, decisions


def as_plain(pasts: Sequence[Past], decisions: Sequence[Entry]) -> dict[str, Any]:
    """``versions[{version, model, made, run, champion, held[{since, until}]}]`` and ``decisions``, as JSON has it."""
    return {
        "versions": [
            {
                "version": past.version.number,
                "model": past.version.champion.model,
                "made": past.version.made.isoformat(timespec="seconds"),
                "run": past.version.run,
                "champion": past.champion,
                "held": [plain(held) for held in past.held],
            }
            for past in pasts
        ],
        "decisions": [
            {"entry": e.number, "when": e.when, "who": e.who, "recovered": e.recovered, **plain(e.decision)}
            for e in decisions
        ],
    }


def shown(when: str | datetime | None) -> str:
    """A time as a table has it, UTC, to the minute: 2026-11-29 01:20; nothing for None."""
    return "" if when is None else str(when)[:16].replace("T", " ")


def _held(number: int, decisions: Sequence[Entry], champion: int | None) -> tuple[Held, ...]:
    if not decisions:
        return (Held(None, None),) if number == champion else ()
    spans: list[Held] = []
    since: str | None = None
    holds = decisions[0].decision.previous == number
    for entry in decisions:
        if holds and entry.decision.version != number:
            spans.append(Held(since, entry.when))
            holds = False
        elif not holds and entry.decision.version == number:
            since, holds = entry.when, True
    return (*spans, Held(since, None)) if holds else tuple(spans)
