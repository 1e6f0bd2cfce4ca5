"""Who holds the alias of the champion, and how it passes on: intent, alias, decision, one at a time.

Whoever reads the alias does it here, so that what a killed command left half done is finished or undone before. Whether
it was is known from the last line of the ledger, in no time.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smearflow.errors import MissingPart
from smearflow.registry.champion import ALIAS, Champion, fetch_bundle, find_champion
from smearflow.registry.mlflow_store import local_uri, mlflow_client, registry_uri, without_password
from smearflow.registry.promotions import Decision, Entry, append, decided, is_settled, mend, read_promotions
from smearflow.settings import Registry
from smearflow.workspace import Workspace, alone

NOT_DONE = "It was not carried out: its command ended before the alias moved."


@dataclass(frozen=True)
class Seat:
    """The place of a champion: model ``name`` in the registry at ``uri``, told of in the workspace's ledger."""

    workspace: Workspace
    uri: str
    name: str

    @property
    def ledger(self) -> Path:
        return self.workspace.promotion_ledger

    @property
    def lock(self) -> Path:
        return self.ledger.with_suffix(".lock")

    @property
    def registry(self) -> str:
        """The registry in the ledger's words: a workspace may move, and a password isn't written down."""
        return "workspace" if self.uri == local_uri(self.workspace) else without_password(self.uri)

    def decisions(self) -> tuple[Entry, ...]:
        """What was decided about this seat. Raises DataError where the ledger was changed by another hand."""
        return decided(read_promotions(self.ledger), self.registry, self.name)


class Overtaken(Exception):
    """Another command made ``champion`` champion, or took the champion away, while this one was under way."""

    def __init__(self, champion: Champion | None) -> None:
        super().__init__(champion)
        self.champion = champion

    @property
    def why(self) -> str:
        now = f"version {self.champion.version} became champion" if self.champion else "the champion was taken away"
        return f"{now[0].upper()}{now[1:]} while this was under way."


def seat_of(registry: Registry, workspace: Workspace) -> Seat:
    """The seat that the settings name."""
    return Seat(workspace, registry_uri(registry, workspace), registry.name)


def champion_now(seat: Seat) -> Champion | None:
    """The champion, or None, once nothing is half done any more. Raises as ``settle`` and ``find_champion`` do."""
    settle(seat)
    return find_champion(seat.uri, seat.name)


def serving_champion(seat: Seat) -> tuple[Champion, Path]:
    """The champion and its bundle. Raises MissingPart where there is none."""
    champion = champion_now(seat)
    if champion is None:
        raise MissingPart(
            f"There is no champion of {seat.name} in {without_password(seat.uri)}.",
            "Train one with `smearflow run`, or name another: --set registry.name=NAME, or --workspace DIR.",
        )
    return champion, fetch_bundle(seat.uri, champion, seat.workspace.champions)


def settle(seat: Seat) -> None:
    """Finish what a killed command left half done, or undo it; milliseconds where there is nothing.

    Where the alias has moved, the decision is written down; else that it wasn't carried out. Raises DataError where the
    ledger was changed by another hand. What was begun in another registry is left to whoever uses that.
    """
    if not is_settled(seat.ledger):
        with alone(seat.lock):
            _settle(seat)


def record(seat: Seat, decision: Decision) -> Entry:
    """Write down a decision that leaves the champion as it is, which is filled in."""
    with alone(seat.lock):
        _settle(seat)
        held = number_of(find_champion(seat.uri, seat.name))
        return append(seat.ledger, "decided", replace(decision, version=held, previous=held))


def seated(seat: Seat, decision: Decision) -> Entry:
    """Give the alias to ``decision.version``, provided that ``decision.previous`` still holds it.

    Raises Overtaken where that isn't so: nothing has changed then. MissingPart where the registry can't be used: what
    came of it is found out by the next command.
    """
    with mlflow_client(seat.uri) as client, alone(seat.lock):
        _settle(seat)
        holder = find_champion(seat.uri, seat.name)
        if number_of(holder) != decision.previous:
            raise Overtaken(holder)
        intent = append(seat.ledger, "intent", decision)
        move_alias(client, decision)
        return append(seat.ledger, "decided", decision, of=intent.number)


def move_alias(client: Any, decision: Decision) -> None:
    """The one step by which a champion changes."""
    client.set_registered_model_alias(decision.name, ALIAS, str(decision.version))


def number_of(champion: Champion | None) -> int | None:
    """The version of a champion, if there is one."""
    return champion.version if champion else None


def _settle(seat: Seat) -> None:
    mend(seat.ledger)
    entries = read_promotions(seat.ledger)
    for number in entries[-1].open if entries else ():
        meant = entries[number - 1].decision
        if meant.registry != seat.registry:
            continue
        if number_of(find_champion(seat.uri, meant.name)) == meant.version:
            append(seat.ledger, "decided", meant, of=number, recovered=True)
        else:
            append(seat.ledger, "undone", replace(meant, why=NOT_DONE), of=number, recovered=True)
