"""Every version of a registered model that smearflow made, whether it serves or not."""

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smearflow.errors import MissingPart, UsageError
from smearflow.registry.champion import Champion, champion_of
from smearflow.registry.mlflow_store import mlflow_client, sqlite_file

# MLflow's own tables, as smearflow/registry/champion.py reads them.
VERSIONS = "SELECT version, coalesce(storage_location, source), creation_time FROM model_versions WHERE name = ?"
TAGS = "SELECT version, key, value FROM model_version_tags WHERE name = ?"


@dataclass(frozen=True)
class Version:
    """A registered version as it would be champion, and since when it is there, UTC. ``run``: the run that made it."""

    champion: Champion
    made: datetime
    run: str | None

    @property
    def number(self) -> int:
        return self.champion.version


def registered_versions(uri: str, name: str) -> tuple[Version, ...]:
    """Those of ``name`` in order; none where there is no registry. Others' versions under that name are passed by.

    Milliseconds for SQLite. Raises MissingPart where the registry can't be used. Creates no database.
    """
    database = sqlite_file(uri)
    if database is None:
        return _ask(uri, name)
    if not database.exists() or not database.stat().st_size:
        return ()
    try:
        return _read(database, name)
    except sqlite3.Error:  # not the tables that we know, or no database: MLflow's client says which
        return _ask(uri, name)


def version_numbered(uri: str, name: str, number: int) -> Version:
    """Version ``number`` of ``name``. Raises UsageError, with those that there are, where it isn't registered."""
    versions = {version.number: version for version in registered_versions(uri, name)}
    if number not in versions:
        known = ", ".join(map(str, versions)) or "none"
        raise UsageError(f"There is no version {number} of {name}.", f"Registered: {known}. See `smearflow models`.")
    return versions[number]


def _read(database: Path, name: str) -> tuple[Version, ...]:
    tags: defaultdict[int, dict[str, str]] = defaultdict(dict)
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        for version, key, value in connection.execute(TAGS, (name,)).fetchall():
            tags[version][key] = value
        rows = connection.execute(VERSIONS, (name,)).fetchall()
    return _ours((name, int(number), where, made, tags[number]) for number, where, made in rows)


def _ask(uri: str, name: str) -> tuple[Version, ...]:
    with mlflow_client(uri) as client:
        found = client.search_model_versions(f"name = '{name}'")
        where = {v.version: client.get_model_version_download_uri(name, v.version) for v in found}
    return _ours((name, int(v.version), where[v.version], v.creation_timestamp, v.tags) for v in found)


def _ours(found: Iterable[tuple[str, int, str, int, Mapping[str, str]]]) -> tuple[Version, ...]:
    versions = []
    for name, number, location, made, tags in found:
        with contextlib.suppress(MissingPart):  # not one of ours
            champion = champion_of(name, number, location, tags)
            versions.append(Version(champion, datetime.fromtimestamp(made / 1000, UTC), tags.get("run")))
    return tuple(sorted(versions, key=lambda version: version.number))
