"""Talking to MLflow: quietly, with its failures in our words, and without waiting long for a registry that is down."""

import contextlib
import logging
import os
import re
import socket
import sqlite3
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from smearflow.errors import MissingPart
from smearflow.settings import Registry
from smearflow.workspace import Workspace

LIMIT = 5.0  # seconds for a registry elsewhere to answer at all
DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its 7 retries with growing pauses are minutes
    "GIT_PYTHON_REFRESH": "quiet",  # it looks for git, and says so where there is none
}


def local_uri(workspace: Workspace) -> str:
    """The registry that a workspace has by itself: SQLite."""
    return f"sqlite:///{workspace.registry}"


def registry_uri(registry: Registry, workspace: Workspace) -> str:
    """The registry that the settings name, else the workspace's own."""
    return registry.uri or local_uri(workspace)


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite registry; None for every other kind."""
    return Path(uri.removeprefix("sqlite:///")).absolute() if uri.startswith("sqlite:///") else None


@contextlib.contextmanager
def mlflow_client(uri: str) -> Iterator[Any]:
    """An MlflowClient of the registry at ``uri``. Import 3-6 s, opening a SQLite 1-2 s, creating it 3-6 s.

    Raises MissingPart where the registry can't be reached, and for whatever MLflow refuses in the body.
    """
    check_reachable(uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on how to log models, in colours
        _import_quietly()
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield MlflowClient(uri, uri)
        except (MlflowException, SQLAlchemyError) as error:
            raise _unusable(uri, str(error)) from error


def check_reachable(uri: str) -> None:
    """Raise MissingPart where nobody is there. MLflow itself would find out only after a minute of retries."""
    parts = urlsplit(uri)
    database = sqlite_file(uri)
    try:
        if database:
            _lock_once(database)
        elif parts.scheme in ("http", "https"):
            _knock(uri)
        elif parts.hostname:
            port = parts.port or DATABASE_PORTS.get(parts.scheme.partition("+")[0], 0)
            socket.create_connection((parts.hostname, port), LIMIT).close()
    except (OSError, ValueError, sqlite3.Error, HTTPException) as error:
        raise _unusable(uri, str(getattr(error, "reason", error))) from None


def _lock_once(database: Path) -> None:
    """Take and release the write lock: fails for a file that is no database, or that we may not write."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()


def _knock(uri: str) -> None:
    """Any answer will do: whether it is MLflow's, and lets us in, its client finds out."""
    try:
        urllib.request.urlopen(without_password(uri), timeout=LIMIT).close()
    except urllib.error.HTTPError as answer:
        answer.close()


def _import_quietly() -> None:
    """Import MLflow with our environment (what the user has set stays), and undo the logging that it sets up."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow  # noqa: F401

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _unusable(uri: str, why: str) -> MissingPart:
    reason = (why.splitlines() or ["no reason given"])[0].rstrip(".")
    return MissingPart(
        f"The registry at {without_password(uri)} can't be used: {reason}.",
        "Start or mend it, or set registry.uri (`--set registry.uri=...`); null is a registry in the workspace.",
    )


def without_password(uri: str) -> str:
    return re.sub(r"//[^/@]*@", "//", uri)
