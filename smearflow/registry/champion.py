"""The champion: the registered version that serves, found by its alias."""

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from smearflow.errors import MissingPart
from smearflow.registry.mlflow_store import mlflow_client, sqlite_file
from smearflow.workspace import building, is_whole

ALIAS = "champion"
BUNDLE = "artifacts/bundle"  # where a version keeps the artifact of that name

# MLflow's own tables. Its client gives the same answer 4 seconds later (import 2.6 s, opening the store 1.3 s).
VERSION_OF_ALIAS = """
    SELECT version, coalesce(storage_location, source) FROM registered_model_aliases
    JOIN model_versions USING (name, version) WHERE name = ? AND alias = ?
"""
TAGS_OF_VERSION = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"


@dataclass(frozen=True)
class Champion:
    """A registered version. ``threshold``: probability, 0-1, from which on a cell counts as positive.

    ``provisional``: it was promoted without a champion to compare it with. ``location``: where MLflow keeps its
    files, a path or an address. ``ledger``: the split ledger's version when it was trained; None where there was none.
    ``cpu``: the processor on which its golden batch was made; None where it has none.
    """

    registry_name: str
    version: int
    model: str
    weights_digest: str
    threshold: float
    provisional: bool
    location: str
    ledger: str | None = None
    cpu: str | None = None

    @property
    def uri(self) -> str:
        """What MLflow loads it by, as long as it is champion."""
        return f"models:/{self.registry_name}@{ALIAS}"


def find_champion(uri: str, name: str) -> Champion | None:
    """The champion of registered model ``name``, or None. Milliseconds for SQLite, else what MLflow's client takes.

    Raises MissingPart where the registry can't be used, or its champion isn't one of ours. Creates no database.
    """
    database = sqlite_file(uri)
    if database is None:
        return _ask(uri, name)
    if not database.exists() or not database.stat().st_size:
        return None
    try:
        return _read(database, name)
    except sqlite3.Error:  # not the tables that we know, or no database: MLflow's client says which
        return _ask(uri, name)


def fetch_bundle(uri: str, champion: Champion, cache: Path) -> Path:
    """The champion's bundle: in place where the registry keeps it on this machine, else downloaded once, to ``cache``.

    A workspace that was moved or copied still finds its champion's files. Raises MissingPart where they are gone.
    """
    if urlsplit(champion.location).scheme in ("", "file"):
        return _present(files_of(uri, champion.location) / BUNDLE, champion)
    target = cache / f"{champion.registry_name}-{champion.version}-{champion.weights_digest[:12]}"
    if not is_whole(target):
        with mlflow_client(uri), building(target) as aside:
            from mlflow.artifacts import download_artifacts

            download_artifacts(f"{champion.location}/{BUNDLE}", dst_path=str(aside), tracking_uri=uri)
    return _present(target / "bundle", champion)


def fetch_model(uri: str, champion: Champion, aside: Path) -> Path:
    """The folder that MLflow loads the version from: in place on this machine, else downloaded anew, below ``aside``.

    Raises MissingPart where it isn't there.
    """
    if urlsplit(champion.location).scheme in ("", "file"):
        folder = files_of(uri, champion.location)
    else:
        with mlflow_client(uri):
            from mlflow.artifacts import download_artifacts

            folder = Path(download_artifacts(champion.location, dst_path=str(aside), tracking_uri=uri))
    _present(folder / BUNDLE, champion)
    return folder


def champion_of(name: str, version: int, location: str, tags: Mapping[str, str]) -> Champion:
    """The champion that a version's tags describe. Raises MissingPart where smearflow didn't register it."""
    try:
        return Champion(
            registry_name=name,
            version=version,
            model=tags["model"],
            weights_digest=tags["weights_digest"],
            threshold=float(tags["threshold"]),
            provisional=tags["provisional"] == "true",
            location=location,
            ledger=tags.get("ledger_digest"),
            cpu=tags.get("cpu"),
        )
    except (KeyError, ValueError) as error:
        raise MissingPart(
            f"Version {version} of {name} is its {ALIAS}, and wasn't registered by smearflow: tag {error}.",
            f"Move the alias {ALIAS} to a version of smearflow's, or use another name: --set registry.name=...",
        ) from None


def files_of(uri: str, location: str) -> Path:
    """The folder that a version's recorded ``location``, on this machine, stands for.

    Beside the database first: MLflow records absolute paths, and workspaces move.
    """
    recorded = Path(url2pathname(urlsplit(location).path))
    database = sqlite_file(uri)
    if database:
        for start in range(1, len(recorded.parts)):
            beside = database.parent.joinpath(*recorded.parts[start:])
            if beside.is_dir():
                return beside
    return recorded


def _read(database: Path, name: str) -> Champion | None:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(VERSION_OF_ALIAS, (name, ALIAS)).fetchone()
        if found is None:
            return None
        version, location = found
        tags = dict(connection.execute(TAGS_OF_VERSION, (name, version)).fetchall())
    return champion_of(name, version, location, tags)


def _ask(uri: str, name: str) -> Champion | None:
    with mlflow_client(uri) as client:
        from mlflow.exceptions import MlflowException

        try:
            found = client.get_model_version_by_alias(name, ALIAS)
        except MlflowException as error:
            # The first where there is no model of that name, the second where it has no such alias.
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        location = client.get_model_version_download_uri(name, found.version)
    return champion_of(name, int(found.version), location, found.tags)


def _present(bundle: Path, champion: Champion) -> Path:
    if not (bundle / "model.json").exists():
        raise MissingPart(
            f"The files of version {champion.version} of {champion.registry_name} aren't at {bundle}.",
            "Bring them back, or train and register again with `smearflow run`.",
        )
    return bundle
