"""The verbs about registered models, as a person types them: words and exit status (10 s: MLflow, one process)."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from drawn_registry import bundle_of, copied, crowned, seat_in

from flows.cli import main
from smearflow.registry.champion import files_of
from smearflow.registry.succession import Seat, champion_now, number_of
from smearflow.registry.versions import registered_versions
from smearflow.workspace import Workspace

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("models")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        crowned(seat, bundle_of(folder), run)
    return seat.workspace


@pytest.fixture
def seat(kept: Workspace, tmp_path: Path) -> Seat:
    return copied(kept, tmp_path / "workspace")


@pytest.fixture
def told(seat: Seat, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command in the workspace: its status, what it printed, what it complained of."""

    def tell(*arguments: object) -> tuple[int, str, str]:
        status = main([*map(str, arguments), "--workspace", str(seat.workspace.root)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return tell


def test_models_prints_who_was_champion_when_and_why(told: Told) -> None:
    status, out, _ = told("models")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "malaria-cells, times in UTC"
    assert lines[2].split() == ["version", "model", "registered", "champion"]
    assert lines[4].endswith(" to now")
    assert "promoted  1         compact  0.950        -            0.980  " in lines[7]
    assert lines[7].endswith("r1 is good enough.")


def test_models_as_json(told: Told) -> None:
    status, out, _ = told("models", "--json")
    found = json.loads(out)
    assert status == 0
    assert [past["champion"] for past in found["versions"]] == [False, True]
    assert found["decisions"][1]["previous"] == 1


def test_a_name_that_nothing_was_decided_about(told: Told) -> None:
    assert told("models", "--set", "registry.name=others")[1] == "Nothing was decided about others yet.\n"


def test_verify_says_proved_or_what_is_wrong(told: Told, seat: Seat) -> None:
    status, out, _ = told("models", "verify")
    assert status == 0
    assert out.startswith("proved    ") and "files of 2 versions, each as it was registered" in out
    network = files_of(seat.uri, registered_versions(seat.uri, seat.name)[0].champion.location)
    (network / "artifacts" / "bundle" / "model.keras").write_text("0.5")
    status, out, _ = told("models", "verify")
    assert (status, out.splitlines()[0]) == (
        1,
        "wrong     Version 1 (entry 2): artifacts/bundle/model.keras is another.",
    )
    seat.ledger.write_bytes(seat.ledger.read_bytes().replace(b"good enough", b"good Enough", 1))
    status, _, err = told("models", "verify", "--json")
    assert status == 1 and "changed by another hand: entry 1" in err


def test_rollback_puts_the_champion_before_back_and_says_so(told: Told, seat: Seat) -> None:
    status, out, _ = told("rollback", "--reason", "misses gametocytes")
    assert status == 0
    assert out.splitlines()[:2] == [
        "It repeated its golden batch of 4 pictures in a process of its own (largest difference 0.0e+00, 1e-05 is "
        "allowed).",
        "champion  compact, version 1 of malaria-cells; version 2 was before",
    ]
    assert number_of(champion_now(seat)) == 1
    assert told("models", "--json")[1].count("misses gametocytes") == 1


@pytest.mark.parametrize(
    "command", [("rollback", 7), ("rollback", 2), ("models", "compare", 1), ("restore", "none.tar")]
)
def test_what_cannot_be_done_ends_with_status_2_and_a_way_out(told: Told, command: tuple[object, ...]) -> None:
    status, _, err = told(*command)
    assert status == 2
    assert len(err.splitlines()) == 2


def test_a_backup_is_restored_over_the_history_only_by_force(told: Told, seat: Seat, tmp_path: Path) -> None:
    status, out, _ = told("backup", tmp_path / "kept.tgz")
    assert status == 0 and out.endswith(f"in {tmp_path / 'kept.tgz'}\n")
    assert told("restore", tmp_path / "kept.tgz")[0] == 2
    status, out, _ = told("restore", tmp_path / "kept.tgz", "--force")
    assert status == 0 and "what was there before is in " in out
    assert told("models", "verify")[0] == 0
    shutil.rmtree(seat.workspace.root)
    assert told("restore", tmp_path / "kept.tgz")[0] == 0
    assert number_of(champion_now(seat)) == 2


@pytest.mark.parametrize("verb", ["models", "rollback"])
def test_a_workspace_that_is_not_there_is_not_made(verb: str, tmp_path: Path, capsys) -> None:
    assert main([verb, "--workspace", str(tmp_path / "none")]) == 2
    assert "There is no workspace" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
