"""Restoring a backup, into the workspace that it was made of or another: all of it, checked, or nothing."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smearflow.data.decisions import nobody_adding
from smearflow.errors import DataError, UsageError
from smearflow.registry.backup import FORMAT, LISTING, belongings
from smearflow.registry.champion import find_champion
from smearflow.registry.mlflow_store import local_uri
from smearflow.registry.promotions import Decision, append, read_promotions
from smearflow.registry.succession import Seat, number_of
from smearflow.room import told_of
from smearflow.service.running import running
from smearflow.workspace import Workspace, alone, file_digest


def restore(seat: Seat, source: Path, force: bool = False) -> tuple[int, Path | None]:
    """Put what ``source`` holds into the seat's workspace. How many files that are, and where the old ones are now.

    The promotion ledger gets an entry for each line of champions. Raises UsageError where ``source`` is no backup, a
    run is under way, or, unless ``force``, where the workspace has any of it; DataError where a file isn't the one that
    was backed up. Then nothing has changed.
    """
    workspace = seat.workspace
    _refuse_runs(workspace)
    there = [path for path in belongings(workspace) if path.exists()]
    if there and not force:
        raise UsageError(
            f"{workspace.root} has a history of its own: {', '.join(path.name for path in there)}.",
            "Restore into another workspace (--workspace DIR), or move this history aside first: --force.",
        )
    with told_of(workspace.root), tempfile.TemporaryDirectory(prefix=".restore.", dir=workspace.root) as aside:
        unpacked = Workspace(Path(aside))
        files = _unpacked(source, unpacked.root)
        _note(unpacked, seat.name, source)
        with alone(seat.lock), nobody_adding(workspace.labels):
            old = _moved_aside(workspace) if there else None
            for path in belongings(unpacked):
                if path.exists():
                    _into(path, workspace.root / path.relative_to(unpacked.root))
    return files, old


def _refuse_runs(workspace: Workspace) -> None:
    under_way = running(workspace)
    if under_way:
        raise UsageError(
            f"A run is under way in {workspace.root} (process {under_way[0].pid}).", "Restore when it has ended."
        )


def _unpacked(source: Path, folder: Path) -> int:
    """Unpack the backup into ``folder`` and hold every file against its listing; returns how many there are."""
    try:
        with tarfile.open(source) as tar:
            tar.extractall(folder, filter="data")
        listing: dict[str, Any] = json.loads((folder / LISTING).read_text(encoding="utf-8"))
        digests: dict[str, str] = listing["files"]
        known = listing["backup"] == FORMAT
    except FileNotFoundError as error:
        if error.filename == str(source):
            raise UsageError(f"There is no {source}.", "Name a file that `smearflow backup` wrote.") from None
        raise _no_backup(source, f"it has no {LISTING}") from None
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise _no_backup(source, str(error) or type(error).__name__) from None
    if not known:
        raise _no_backup(source, f"its format is {listing['backup']}")
    (folder / LISTING).unlink()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if digests.pop(name, None) != file_digest(path):
            raise DataError(f"{source}: {name} isn't the file that was backed up.", "Take another backup.")
    if digests:
        raise DataError(f"{source}: {next(iter(digests))} is missing.", "Take another backup.")
    return len(list(_files(folder)))


def _note(unpacked: Workspace, name: str, source: Path) -> None:
    """Write into the unpacked promotion ledger that it was restored, for each line of champions that it tells of."""
    entries = read_promotions(unpacked.promotion_ledger)
    told = {entry.decision.name for entry in entries if entry.decision.registry == "workspace"}
    for each in sorted({*told, name}):
        champion = find_champion(local_uri(unpacked), each)
        if champion is None and each not in told:
            continue
        version = number_of(champion)
        why = f"Restored from {source.name}, SHA-256 {file_digest(source)}."
        model = champion.model if champion else None
        append(
            unpacked.promotion_ledger,
            "decided",
            Decision("restored", "workspace", each, version, version, why, model=model),
        )


def _moved_aside(workspace: Workspace) -> Path:
    """The folder that the workspace's own history is moved to, the registry first."""
    old = workspace.root / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    database = workspace.registry
    for path in (*database.parent.glob(f"{database.name}-*"), *reversed(belongings(workspace))):  # SQLite's own beside
        if path.exists():
            _into(path, old / path.relative_to(workspace.root))
    return old


def _into(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, target)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _no_backup(source: Path, why: str) -> UsageError:
    return UsageError(f"{source} is no backup of smearflow: {why}.", "Name a file that `smearflow backup` wrote.")
