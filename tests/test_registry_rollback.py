"""An earlier champion is put back by one command, once it has proved itself (15 s: processes)."""

from dataclasses import replace
from pathlib import Path

import pytest
from drawn_registry import FACTS, bundle_of, copied, crowned, proposal, registered, seat_in
from mlflow_served import mlflow_server

from smearflow.errors import MissingPart, UsageError
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.promoting import promote
from smearflow.registry.rollback import champions_before, roll_back, runs_to_go_back_to
from smearflow.registry.succession import Seat, champion_now, number_of, seat_of, seated
from smearflow.registry.verifying import verify
from smearflow.registry.versions import registered_versions
from smearflow.settings import Registry
from smearflow.workspace import Workspace


@pytest.fixture(scope="module")
def reigns(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Versions 1, 2 and 4 were champions in turn; version 3 was registered by a run that was killed."""
    folder = tmp_path_factory.mktemp("rollback")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        crowned(seat, bundle_of(folder), run)
    registered(seat, bundle_of(folder), "r3")
    crowned(seat, bundle_of(folder), "r4")
    return seat.workspace


@pytest.fixture
def seat(reigns: Workspace, tmp_path: Path) -> Seat:
    return copied(reigns, tmp_path / "workspace")


def bundle(seat: Seat, number: int) -> Path:
    version = registered_versions(seat.uri, seat.name)[number - 1]
    return fetch_bundle(seat.uri, version.champion, seat.workspace.champions)


def test_the_champion_before_is_put_back_then_the_one_before_that_and_no_further(seat: Seat) -> None:
    done = roll_back(seat, reason="misses gametocytes").decision
    assert (done.decision, done.version, done.previous, done.forced) == ("rolled_back", 2, 4, False)
    assert done.why == "misses gametocytes"
    assert done.golden is not None and done.golden.startswith("It repeated its golden batch")
    assert roll_back(seat).decision.version == 1
    assert number_of(champion_now(seat)) == 1
    with pytest.raises(UsageError, match="Nobody was champion of malaria-cells before version 1"):
        roll_back(seat)
    assert roll_back(seat, 4).decision.version == 4  # and forward again


@pytest.mark.parametrize(
    ("version", "says"),
    [(4, "Version 4 of malaria-cells is the champion already"), (3, "was never champion"), (9, "was never champion")],
)
def test_what_is_no_earlier_champion_is_refused_with_those_that_are(seat: Seat, version: int, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        roll_back(seat, version)
    assert caught.value.exit_status == 2
    assert "smearflow models" in caught.value.fix
    if version != 4:
        assert "Earlier champions: 1, 2." in caught.value.fix
    assert number_of(champion_now(seat)) == 4


def test_a_version_without_its_files_is_refused(seat: Seat) -> None:
    (bundle(seat, 2) / "model.json").unlink()
    with pytest.raises(MissingPart, match="The files of version 2 of malaria-cells aren't at"):
        roll_back(seat)


def test_one_whose_files_changed_and_say_something_else_needs_force_and_that_is_recorded(seat: Seat) -> None:
    (bundle(seat, 2) / "model.keras").write_text("0.25")
    with pytest.raises(UsageError, match=r"Its file artifacts/bundle/model.keras isn't the one .*doesn't repeat") as no:
        roll_back(seat)
    assert "--force" in no.value.fix
    assert number_of(champion_now(seat)) == 4
    done = roll_back(seat, force=True, reason="There is no other.").decision
    assert (done.version, done.forced) == (2, True)
    assert done.why.startswith("There is no other. Its file artifacts/bundle/model.keras isn't the one")


def test_where_the_process_that_asks_it_is_killed_only_force_puts_it_back(seat: Seat) -> None:
    code = bundle(seat, 2) / "serving.py"
    code.write_text("import os; os.kill(os.getpid(), 9)")
    done = roll_back(seat, force=True).decision
    assert done.forced
    assert done.golden is not None and "its process was killed" in done.golden


def test_without_a_champion_there_is_nothing_to_go_back_from(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="There is no champion of malaria-cells to go back from"):
        roll_back(seat_in(tmp_path))


def test_champions_of_before_the_ledger_can_be_gone_back_to(seat: Seat) -> None:
    seat.ledger.unlink()
    champion = champion_now(seat)
    assert champion is not None
    assert [version.number for version in champions_before(seat, champion)] == [1, 2, 3]


@pytest.mark.soak
def test_a_registry_on_another_machine_is_rolled_back_and_proved_as_well(tmp_path: Path) -> None:
    with mlflow_server(tmp_path) as address:
        seat = seat_of(Registry(uri=address), Workspace.at(tmp_path / "workspace"))
        for run in ("r1", "r2"):
            facts = replace(FACTS, run_id=run, weights_digest=run)
            assert promote(seat, bundle_of(tmp_path), facts, None, proposal(seat, run)).decision.decision == "promoted"
        assert [version.run for version in registered_versions(address, seat.name)] == ["r1", "r2"]
        done = roll_back(seat).decision
        assert (done.version, done.previous, done.registry) == (1, 2, address)
        assert number_of(champion_now(seat)) == 1
        proof = verify(seat)
        assert (proof.versions, proof.wrong) == (2, ())


def test_pruning_keeps_the_run_that_a_rollback_would_go_back_to(seat: Seat) -> None:
    assert runs_to_go_back_to(seat) == {"r4", "r2"}  # not r3, which is the version before
    seated(seat, replace(proposal(seat), version=3))
    assert runs_to_go_back_to(seat) == {"r3", "r4"}
