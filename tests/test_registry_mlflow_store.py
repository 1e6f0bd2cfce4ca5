"""A registry that isn't there is said in words, at once, and without its password. No MLflow is imported here."""

import socket
from pathlib import Path

import pytest

from smearflow.errors import MissingPart
from smearflow.registry.mlflow_store import check_reachable, local_uri, sqlite_file
from smearflow.workspace import Workspace


def test_a_workspace_has_its_own_registry(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "with space")
    assert sqlite_file(local_uri(workspace)) == workspace.registry
    check_reachable(local_uri(workspace))


def test_a_registry_elsewhere_has_no_file() -> None:
    assert sqlite_file("https://registry.example.org") is None


@pytest.mark.parametrize("uri", ["http://me:secret@127.0.0.1:9", "postgresql+psycopg2://me:secret@127.0.0.1:9/mlflow"])
def test_nobody_there(uri: str) -> None:
    with pytest.raises(MissingPart, match="refused") as missing:
        check_reachable(uri)
    assert "registry.uri" in missing.value.fix
    assert "secret" not in str(missing.value)


def test_somebody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"postgresql://127.0.0.1:{server.getsockname()[1]}/mlflow")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database" * 100)
    with pytest.raises(MissingPart, match=r"mlflow\.db can't be used: file is not a database"):
        check_reachable(f"sqlite:///{tmp_path}/mlflow.db")


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="unable to open database file"):
        check_reachable(f"sqlite:///{tmp_path}")
