"""The history is proved: chain, files, alias. Whatever was changed is named (5 s: MLflow)."""

from pathlib import Path

import pytest
from drawn_registry import bundle_of, copied, crowned, registered, seat_in

from smearflow.errors import DataError
from smearflow.registry.champion import ALIAS, files_of
from smearflow.registry.mlflow_store import mlflow_client
from smearflow.registry.succession import Seat
from smearflow.registry.verifying import verify
from smearflow.registry.versions import registered_versions
from smearflow.workspace import Workspace


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("verifying")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        crowned(seat, bundle_of(folder), run)
    registered(seat, bundle_of(folder), "an orphan")
    return seat.workspace


@pytest.fixture
def seat(kept: Workspace, tmp_path: Path) -> Seat:
    return copied(kept, tmp_path / "workspace")


def folder_of(seat: Seat, number: int) -> Path:
    return files_of(seat.uri, registered_versions(seat.uri, seat.name)[number - 1].champion.location)


def test_a_sound_history_is_proved_also_where_the_workspace_was_moved(seat: Seat) -> None:
    proof = verify(seat)
    assert (proof.entries, proof.versions, proof.wrong) == (4, 2, ())
    assert proof.files >= 14


@pytest.mark.parametrize("name", ["artifacts/bundle/model.keras", "artifacts/bundle/golden.parquet", "pyfunc_entry.py"])
def test_a_flipped_byte_in_a_file_is_named_with_version_and_entry(seat: Seat, name: str) -> None:
    path = folder_of(seat, 1) / name
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert verify(seat).wrong == (f"Version 1 (entry 2): {name} is another.",)


def test_a_flipped_byte_in_the_ledger_is_named_with_its_entry(seat: Seat) -> None:
    data = bytearray(seat.ledger.read_bytes())
    data[data.index(b'"entry": 3') + 40] ^= 1
    seat.ledger.write_bytes(data)
    with pytest.raises(DataError, match="entry 3") as caught:
        verify(seat)
    assert caught.value.exit_status == 1


def test_files_that_are_gone_are_named(seat: Seat) -> None:
    (folder_of(seat, 1) / "artifacts" / "bundle" / "serving.py").unlink()
    (folder_of(seat, 2) / "artifacts" / "bundle" / "model.json").unlink()
    first, second = verify(seat).wrong
    assert first == "Version 1 (entry 2): artifacts/bundle/serving.py is gone."
    assert second.startswith("Version 2 (entry 4): The files of version 2 of malaria-cells aren't at")


def test_an_alias_that_was_moved_by_hand_is_told(seat: Seat) -> None:
    with mlflow_client(seat.uri) as client:
        client.set_registered_model_alias(seat.name, ALIAS, "3")
    assert verify(seat).wrong == ("The alias is at version 3, and the ledger says version 2.",)


def test_a_ledger_that_lost_its_end_no_longer_fits_the_alias(seat: Seat) -> None:
    lines = seat.ledger.read_bytes().splitlines(keepends=True)
    seat.ledger.write_bytes(b"".join(lines[:2]))
    assert verify(seat).wrong == ("The alias is at version 2, and the ledger says version 1.",)
