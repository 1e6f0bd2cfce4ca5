"""Promoting: a new version is registered, repeats its golden batch, and is given the alias, or is told why not."""

import tempfile
from dataclasses import replace
from pathlib import Path

from smearflow.registry.champion import Champion, fetch_model
from smearflow.registry.golden import repeated
from smearflow.registry.promotions import Decision, Entry
from smearflow.registry.registering import Facts, register
from smearflow.registry.succession import Overtaken, Seat, champion_now, number_of, record, seated
from smearflow.workspace import file_digest

AGAIN = "Run again to be compared with it."


def promote(seat: Seat, bundle: Path, facts: Facts, artifacts_root: Path | None, decision: Decision) -> Entry:
    """Make the model in ``bundle`` a version, and the champion in the place of ``decision.previous``.

    ``artifacts_root``: where its files go; None leaves that to a registry elsewhere. It is kept from the alias, and the
    entry says why, where another champion has come meanwhile, or where the registered version doesn't repeat its golden
    batch. Raises MissingPart where the registry can't be used, TrainingError where the process that asks it was ended.
    """
    holder = champion_now(seat)
    if number_of(holder) != decision.previous:
        return _kept(seat, decision, Overtaken(holder))
    made = register(bundle, facts, seat.uri, artifacts_root, seat.name)
    found = repeated(seat.uri, made)
    if not found.passed:
        why = f"Version {made.version} was registered, and may not serve. {found.words}"
        unfit = replace(decision, decision="kept" if holder else "refused", why=why, golden=found.words)
        return record(seat, unfit)
    won = replace(decision, version=made.version, files=digests_of_files(seat.uri, made), golden=found.words)
    try:
        return seated(seat, won)
    except Overtaken as overtaken:
        return _kept(seat, decision, overtaken)


def digests_of_files(uri: str, version: Champion) -> dict[str, str]:
    """SHA-256 of each file of a registered version, by its path in the folder that MLflow loads it from."""
    with tempfile.TemporaryDirectory() as aside:
        folder = fetch_model(uri, version, Path(aside))
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return {file.relative_to(folder).as_posix(): file_digest(file) for file in files}


def _kept(seat: Seat, decision: Decision, overtaken: Overtaken) -> Entry:
    return record(seat, replace(decision, decision="kept", why=f"{overtaken.why} {AGAIN}"))
