"""Every version of ours is known, in order, whether it serves or not (5 s: MLflow)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from drawn_registry import NAME, bundle_of, registered, seat_in

from smearflow.registry.mlflow_store import mlflow_client
from smearflow.registry.succession import Seat
from smearflow.registry.versions import registered_versions


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Seat:
    folder = tmp_path_factory.mktemp("versions")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        registered(seat, bundle_of(folder, model=f"model of {run}"), run)
    with mlflow_client(seat.uri) as client:
        client.create_model_version(NAME, "somewhere")  # by another hand
    return seat


def test_they_come_in_order_and_others_are_passed_by(seat: Seat) -> None:
    first, second = registered_versions(seat.uri, NAME)
    assert (first.number, first.run, second.champion.model) == (1, "r1", "model of r2")
    assert abs((datetime.now(UTC) - first.made).total_seconds()) < 600


def test_mlflows_own_client_gives_the_same_answer(seat: Seat) -> None:
    asked = replace(seat, uri=seat.uri.replace("sqlite:", "sqlite+pysqlite:"))  # the same, and not read directly
    assert registered_versions(asked.uri, NAME) == registered_versions(seat.uri, NAME)


def test_without_a_registry_there_are_none_and_none_is_made(tmp_path: Path) -> None:
    empty = seat_in(tmp_path)
    assert registered_versions(empty.uri, NAME) == ()
    assert not empty.workspace.registry.exists()
