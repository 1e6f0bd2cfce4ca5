"""Which runs the champions of a registry come from, and the versions before them."""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from smearflow.registry.champion import ALIAS, find_champion
from smearflow.registry.mlflow_store import mlflow_client, sqlite_file

ALIASES = "SELECT name, version FROM registered_model_aliases WHERE alias = ?"
RUNS = "SELECT version, value FROM model_version_tags WHERE name = ? AND key = 'run'"


def runs_that_serve(uri: str, name: str) -> set[str]:
    """Ids of the runs that made a champion and its predecessor: of ``name``, and of all names in a SQLite registry.

    Raises MissingPart where the registry can't be used. Creates no database.
    """
    database = sqlite_file(uri)
    if database is None:
        return _ask(uri, name)
    if not database.exists() or not database.stat().st_size:
        return set()
    try:
        return _read(database)
    except sqlite3.Error:  # not the tables that we know, or no database: MLflow's client says which
        return _ask(uri, name)


def _read(database: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        found: set[str] = set()
        for name, version in connection.execute(ALIASES, (ALIAS,)).fetchall():
            found |= last_two(connection.execute(RUNS, (name,)).fetchall(), int(version))
    return found


def _ask(uri: str, name: str) -> set[str]:
    with mlflow_client(uri) as client:
        versions = client.search_model_versions(f"name = '{name}'")
        runs = [(int(v.version), v.tags["run"]) for v in versions if "run" in v.tags]
    champion = find_champion(uri, name)
    return last_two(runs, champion.version) if champion else set()


def last_two(runs: Iterable[tuple[int, str]], champion: int) -> set[str]:
    """The runs, of pairs of a version and its run, of version ``champion`` and of the one before."""
    before = sorted((int(version), run) for version, run in runs if int(version) <= champion)
    return {run for _, run in before[-2:]}
