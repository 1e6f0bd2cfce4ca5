"""Backup: the registry with its files, the ledgers, labels and quality checks, in one archive, while runs go on.

A tar, compressed where its name ends in .gz or .tgz, of paths as they are in the workspace; its last member,
backup.json, has the SHA-256 of each.
"""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from smearflow.data.decisions import nobody_adding
from smearflow.errors import UsageError
from smearflow.registry.champion import files_of
from smearflow.registry.succession import Seat, settle
from smearflow.room import told_of
from smearflow.workspace import Workspace, alone, file_digest

FORMAT = 1
LISTING = "backup.json"
LOCATIONS = "SELECT DISTINCT coalesce(storage_location, source) FROM model_versions"


def belongings(workspace: Workspace) -> tuple[Path, ...]:
    """What a backup holds and a restore replaces, as far as it is there; the registry last."""
    return (
        workspace.promotion_ledger,
        workspace.ledgers,
        workspace.labels,
        workspace.checks / "history.jsonl",
        workspace.registry_files,
        workspace.registry,
    )


def back_up(seat: Seat, target: Path) -> int:
    """Write the backup of the seat's workspace to ``target``, in one step; returns how many files it has.

    Promotions wait for the moment in which registry and promotion ledger are copied; the files of a version never
    change once it is registered. Raises UsageError where there is nothing to keep, DiskError where there is no room.
    """
    workspace = seat.workspace
    if not any(path.exists() for path in belongings(workspace)):
        raise UsageError(f"There is nothing in {workspace.root} to keep.", "Name another workspace: --workspace DIR.")
    settle(seat)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    with told_of(target), tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as copies:
        try:
            files = _written(aside, workspace, _snapshot(seat, Path(copies)), target.suffix in (".gz", ".tgz"))
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    return files


def _snapshot(seat: Seat, copies: Path) -> dict[str, Path]:
    """Copies of what may change meanwhile, made while nobody is promoted or decides: by paths in the workspace."""
    made: dict[str, Path] = {}
    with alone(seat.lock):
        for path in (seat.workspace.registry, seat.workspace.promotion_ledger):
            if path.exists():
                made[path.name] = copies / path.name
                if path == seat.workspace.registry:
                    _copy_database(path, copies / path.name)
                else:
                    (copies / path.name).write_bytes(path.read_bytes())
    labels = seat.workspace.labels
    if labels.exists():
        made[labels.name] = copies / labels.name
        with nobody_adding(labels):
            shutil.copyfile(labels, made[labels.name])
    return made


def _copy_database(database: Path, copy: Path) -> None:
    """By SQLite's own means: whole, whoever writes to it at this moment."""
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(copy)) as sink:
        source.backup(sink)


def _written(archive: Path, workspace: Workspace, copies: dict[str, Path], compressed: bool) -> int:
    """Write the archive; returns how many files are in it."""
    digests: dict[str, str] = {}
    with archive.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz" if compressed else "w") as tar:
            for name, path in _members(workspace, copies):
                digests[name] = file_digest(path)
                tar.add(path, name)
            _add_text(tar, LISTING, json.dumps({"backup": FORMAT, "made": _now(), "files": digests}, indent=1))
        file.flush()
        os.fsync(file.fileno())
    return len(digests)


def _members(workspace: Workspace, copies: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    """Name in the archive and path of each file."""
    yield from copies.items()
    if workspace.registry.name in copies:
        for folder in _version_folders(workspace, copies[workspace.registry.name]):
            yield from _below(workspace, folder)
    yield from _below(workspace, workspace.ledgers)
    history = workspace.checks / "history.jsonl"
    if history.exists():
        yield history.relative_to(workspace.root).as_posix(), history


def _version_folders(workspace: Workspace, database: Path) -> list[Path]:
    """Folders of the versions in ``database`` that lie in the workspace: others may still be in the making."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        locations = [str(row[0]) for row in connection.execute(LOCATIONS).fetchall()]
    folders = [files_of(f"sqlite:///{workspace.registry}", location) for location in locations]
    return [folder for folder in folders if folder.is_relative_to(workspace.root) and folder.is_dir()]


def _below(workspace: Workspace, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock" and not path.name.startswith("."):
            yield path.relative_to(workspace.root).as_posix(), path


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode("utf-8")
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
