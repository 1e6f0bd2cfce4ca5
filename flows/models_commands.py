"""What the verbs about registered models do: models, rollback, backup, restore. Each returns the exit status."""

import argparse
import json

from smearflow.configuration import load_settings
from smearflow.errors import UsageError
from smearflow.registry.succession import Seat, seat_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace


def models(arguments: argparse.Namespace) -> int:
    """Print the history of the registered model, prove it, or compare two of its versions. 1 where a proof fails."""
    settings, seat = _place(arguments)
    if arguments.ask == "verify":
        return _verify(seat, arguments.json)
    if arguments.ask == "compare":
        return _compare(seat, settings, arguments)
    from flows.model_history import history_lines
    from smearflow.registry.history import as_plain, history

    pasts, decisions = history(seat)
    told = as_plain(pasts, decisions)
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(history_lines(seat.name, told)))
    return 0


def rollback(arguments: argparse.Namespace) -> int:
    """Put an earlier champion back, and say so."""
    from smearflow.registry.rollback import roll_back

    _, seat = _place(arguments)
    done = roll_back(seat, arguments.version, arguments.force, arguments.reason).decision
    print(done.golden)
    print(f"champion  {done.model}, version {done.version} of {done.name}; version {done.previous} was before")
    print(f"ledger    {seat.ledger}")
    return 0


def backup(arguments: argparse.Namespace) -> int:
    """Write the backup. The files of a registry elsewhere stay there."""
    from smearflow.registry.backup import back_up

    _, seat = _place(arguments)
    files = back_up(seat, arguments.file)
    print(f"{files:,} files of {seat.workspace.root} in {arguments.file}")
    if seat.registry != "workspace":
        print(f"The registry at {seat.registry} isn't among them: back it up where it is kept.")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Put a backup into the workspace, checked file by file."""
    from smearflow.registry.restoring import restore as put_back

    settings = load_settings(arguments.config, arguments.set)
    files, old = put_back(
        seat_of(settings.registry, Workspace.at(arguments.workspace)), arguments.file, arguments.force
    )
    print(f"{files:,} files of {arguments.file} are in {arguments.workspace}, each as it was backed up")
    if old:
        print(f"what was there before is in {old}")
    return 0


def _verify(seat: Seat, as_json: bool) -> int:
    from flows.model_history import proof_lines
    from smearflow.registry.promotions import plain
    from smearflow.registry.verifying import verify

    proof = verify(seat)
    print(json.dumps(plain(proof), indent=2) if as_json else "\n".join(proof_lines(proof)))
    return 1 if proof.wrong else 0


def _compare(seat: Seat, settings: Settings, arguments: argparse.Namespace) -> int:
    if len(arguments.versions) != 2:
        raise UsageError("Two versions are compared.", "Name both: smearflow models compare 1 2")
    from flows.model_history import comparison_lines
    from smearflow.registry.comparing import compare_versions
    from smearflow.registry.promotions import plain

    one, other = arguments.versions
    found, asked = compare_versions(seat, one, other, settings)
    told = {"versions": [one, other], "run": asked.run_id, **plain(found)}
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(comparison_lines(told)))
    return 0


def _place(arguments: argparse.Namespace) -> tuple[Settings, Seat]:
    """The settings, and the seat that they name in a workspace that is there already."""
    if not arguments.workspace.exists():
        raise UsageError(f"There is no workspace {arguments.workspace}.", "Name one: --workspace DIR.")
    settings = load_settings(arguments.config, arguments.set)
    return settings, seat_of(settings.registry, Workspace.at(arguments.workspace))
