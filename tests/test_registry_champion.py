"""The champion is found in milliseconds, and its bundle where it lies. MLflow's SQLite is made once here (3-6 s)."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow_served import mlflow_server

from smearflow.errors import MissingPart
from smearflow.registry.champion import ALIAS, Champion, fetch_bundle, find_champion
from smearflow.registry.mlflow_store import local_uri, mlflow_client
from smearflow.registry.registering import Facts, register
from smearflow.workspace import Workspace

NAME = "malaria-cells"
FACTS = Facts(run_id="r1", weights_digest="d1", provisional=True, settings={}, test={}, curves=[], digests={})


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.at(tmp_path_factory.mktemp("registry") / "a workspace")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network is a few bytes: nothing here loads it."""
    folder = tmp_path_factory.mktemp("trained") / "bundle"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"name": "compact", "threshold": 0.35}))
    (folder / "model.keras").write_bytes(b"weights")
    return folder


@pytest.fixture(scope="module")
def champion(workspace: Workspace, bundle: Path) -> Champion:
    return with_alias(
        register(bundle, FACTS, local_uri(workspace), workspace.registry_files, NAME), local_uri(workspace)
    )


def with_alias(version: Champion, uri: str) -> Champion:
    """The version once the alias is its own."""
    with mlflow_client(uri) as client:
        client.set_registered_model_alias(version.registry_name, ALIAS, str(version.version))
    return version


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a real MLflow server that keeps files for others."""
    with mlflow_server(tmp_path) as address:
        yield address


def test_no_database_no_champion_and_none_is_made(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert find_champion(local_uri(workspace), NAME) is None
    assert not workspace.registry.exists()


def test_it_is_found_with_what_it_says_of_itself(workspace: Workspace, champion: Champion) -> None:
    found = find_champion(local_uri(workspace), NAME)
    assert found == champion
    assert (found.version, found.model, found.threshold, found.provisional) == (1, "compact", 0.35, True)
    assert found.uri == "models:/malaria-cells@champion"


def test_mlflows_own_client_gives_the_same_answer(workspace: Workspace, champion: Champion) -> None:
    uri = local_uri(workspace).replace("sqlite:", "sqlite+pysqlite:")  # the same, and not read directly
    assert find_champion(uri, NAME) == champion
    assert find_champion(uri, "another-name") is None


def test_finding_it_imports_no_mlflow(workspace: Workspace, champion: Champion) -> None:
    code = (
        "import sys; from smearflow.registry.champion import find_champion;"
        f"print(find_champion({local_uri(workspace)!r}, {NAME!r}).version, 'mlflow' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "1 False\n"


def test_another_name_has_no_champion(workspace: Workspace, champion: Champion) -> None:
    assert find_champion(local_uri(workspace), "another-name") is None


def test_its_bundle_is_used_in_place(workspace: Workspace, champion: Champion, tmp_path: Path) -> None:
    bundle = fetch_bundle(local_uri(workspace), champion, tmp_path)
    assert (bundle / "model.keras").read_bytes() == b"weights"
    assert bundle.is_relative_to(workspace.registry_files)
    assert not list(tmp_path.iterdir())


def test_a_copied_workspace_uses_its_own_files(workspace: Workspace, champion: Champion, tmp_path: Path) -> None:
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(workspace.root, copy.root)
    found = find_champion(local_uri(copy), NAME)
    assert found is not None
    assert fetch_bundle(local_uri(copy), found, tmp_path).is_relative_to(copy.root)


def test_files_that_are_gone_are_named(workspace: Workspace, champion: Champion, tmp_path: Path) -> None:
    gone = replace(champion, location=str(tmp_path / "gone"))
    with pytest.raises(MissingPart, match=r"version 1 of malaria-cells aren't at .*gone"):
        fetch_bundle(local_uri(workspace), gone, tmp_path)


def test_a_champion_of_somebody_elses_is_refused(workspace: Workspace, champion: Champion) -> None:
    uri = local_uri(workspace)
    with mlflow_client(uri) as client:
        client.create_registered_model("theirs")
        client.create_model_version("theirs", champion.location)
        client.set_registered_model_alias("theirs", ALIAS, "1")
    with pytest.raises(MissingPart, match="Version 1 of theirs is its champion, and wasn't registered by smearflow"):
        find_champion(uri, "theirs")


def test_a_database_that_is_none_is_an_error_not_an_absence(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    workspace.registry.write_text("this is no database" * 100)
    with pytest.raises(MissingPart, match="file is not a database"):
        find_champion(local_uri(workspace), NAME)


@pytest.mark.soak
def test_a_registry_elsewhere_is_downloaded_from_once(served: str, bundle: Path, tmp_path: Path) -> None:
    assert find_champion(served, NAME) is None
    made = with_alias(register(bundle, FACTS, served, None, NAME), served)
    assert find_champion(served, NAME) == made
    fetched = fetch_bundle(served, made, tmp_path / "cache")
    assert (fetched / "model.keras").read_bytes() == b"weights"
    written = (fetched / "model.keras").stat().st_mtime_ns
    assert fetch_bundle(served, made, tmp_path / "cache") == fetched
    assert (fetched / "model.keras").stat().st_mtime_ns == written
