"""The alias passes on by intent, alias, decision: whatever is killed, and whoever comes at once (15 s: MLflow)."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_registry import CHECKOUT, NAME, bundle_of, copied, crowned, proposal, registered, run_aside, seat_in

from smearflow.errors import DataError, MissingPart
from smearflow.registry.champion import find_champion
from smearflow.registry.promotions import append, read_promotions
from smearflow.registry.succession import (
    Overtaken,
    Seat,
    champion_now,
    number_of,
    record,
    seat_of,
    seated,
    serving_champion,
    settle,
)
from smearflow.settings import Registry
from smearflow.workspace import Workspace

DONE = ("torn decision", "after the alias")  # the alias had moved
STEPS = ("before the intent", "torn intent", "after the intent", *DONE)

# A run that has been judged against `previous`, from its bundle to its entry in the ledger.
RIVAL = """
import sys
from dataclasses import replace
from pathlib import Path
from drawn_registry import FACTS, NAME, bundle_of, proposal
from smearflow.registry.promoting import promote
from smearflow.registry.succession import Seat
from smearflow.workspace import Workspace

root, run, previous = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
workspace = Workspace(root)
seat = Seat(workspace, f"sqlite:///{workspace.registry}", NAME)
decision = replace(proposal(seat, run), version=previous, previous=previous)
facts = replace(FACTS, run_id=run, weights_digest=run)
promote(seat, bundle_of(root.parent / run), facts, workspace.registry_files, decision)
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Version 1 is champion; version 2 is registered, and nobody's."""
    folder = tmp_path_factory.mktemp("succession")
    seat = seat_in(folder)
    crowned(seat, bundle_of(folder), "r1")
    registered(seat, bundle_of(folder, added=0.1), "r2")
    return seat.workspace


@pytest.fixture
def seat(before: Workspace, tmp_path: Path) -> Seat:
    """The same in a workspace of the test's own."""
    return copied(before, tmp_path / "workspace")


@pytest.fixture(scope="module")
def killed(before: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seat]:
    """By step, a workspace in which the promotion of version 2 was killed there."""
    root = tmp_path_factory.mktemp("killed")
    seats = {step: copied(before, root / step) for step in STEPS}
    told = [f"{seat.workspace.root}={step}" for step, seat in seats.items()]
    script = run_aside(CHECKOUT / "tests" / "killed_promotions.py", 2, *told)
    assert script.wait() == 0, script.stderr.read() if script.stderr else ""
    return seats


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_promotion_is_finished_or_undone_before_the_alias_is_read(killed: dict[str, Seat], step: str) -> None:
    seat = killed[step]
    now = number_of(champion_now(seat))
    entries = read_promotions(seat.ledger)[2:]  # after the first champion's
    assert now == (2 if step in DONE else 1)
    assert [(e.step, e.recovered) for e in entries] == {
        "before the intent": [],
        "torn intent": [],
        "after the intent": [("intent", False), ("undone", True)],
        "torn decision": [("intent", False), ("decided", True)],
        "after the alias": [("intent", False), ("decided", True)],
    }[step]
    settle(seat)
    assert read_promotions(seat.ledger)[2:] == entries  # once is enough
    if step not in DONE:  # and the way is free
        seated(seat, replace(proposal(seat, "again"), version=2))
        assert number_of(champion_now(seat)) == 2


def test_two_runs_at_once_end_in_one_champion_and_two_entries_in_order(seat: Seat) -> None:
    rivals = [run_aside("-c", RIVAL, seat.workspace.root, run, 1) for run in ("first", "second")]
    for rival in rivals:
        assert rival.wait() == 0, rival.stderr.read() if rival.stderr else ""
    won, lost = [entry.decision for entry in seat.decisions()[1:]]
    champion = champion_now(seat)
    assert champion is not None and champion.weights_digest == won.run
    assert (won.decision, lost.decision, lost.version) == ("promoted", "kept", won.version)
    assert lost.why == (
        f"Version {won.version} became champion while this was under way. Run again to be compared with it."
    )


def test_nothing_is_moved_over_a_champion_that_nobody_was_judged_against(seat: Seat) -> None:
    with pytest.raises(Overtaken) as caught:
        seated(seat, replace(proposal(seat), version=2, previous=None))
    assert number_of(caught.value.champion) == number_of(champion_now(seat)) == 1
    assert len(read_promotions(seat.ledger)) == 2


def test_a_decision_that_moves_nothing_says_who_is_champion(seat: Seat) -> None:
    entry = record(seat, replace(proposal(seat, "r3"), decision="kept", version=None, previous=None))
    assert (entry.decision.version, entry.decision.previous, entry.of) == (1, 1, None)


def test_what_was_begun_in_another_registry_is_left_to_those_who_use_it(seat: Seat) -> None:
    elsewhere = replace(proposal(seat), registry="https://registry.example.org", version=7)
    append(seat.ledger, "intent", elsewhere)
    assert number_of(champion_now(seat)) == 1
    seated(seat, replace(proposal(seat), version=2))
    assert read_promotions(seat.ledger)[-1].open == (3,)


def test_finding_the_champion_is_quick_and_imports_no_mlflow(seat: Seat) -> None:
    code = (
        "import sys, time; from smearflow.registry.succession import champion_now, seat_of\n"
        "from smearflow.settings import Registry; from smearflow.workspace import Workspace\n"
        f"seat = seat_of(Registry(name={NAME!r}), Workspace.at({str(seat.workspace.root)!r})); began = time.time()\n"
        "print(champion_now(seat).version, 'mlflow' in sys.modules, time.time() - began < 0.5)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert told.stdout == "1 False True\n"


def test_no_promotion_goes_over_a_ledger_that_was_changed(seat: Seat) -> None:
    seat.ledger.write_bytes(seat.ledger.read_bytes().replace(b'"r1 is good', b'"r1 is best'))
    with pytest.raises(DataError, match="entry 1"):
        seated(seat, replace(proposal(seat), version=2))
    assert number_of(find_champion(seat.uri, NAME)) == 1


def test_a_registry_elsewhere_is_written_down_without_its_password(tmp_path: Path) -> None:
    seat = seat_of(Registry(uri="https://me:secret@registry.example.org"), Workspace(tmp_path))
    assert seat.registry == "https://registry.example.org"


def test_without_a_champion_nobody_serves(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="There is no champion of malaria-cells"):
        serving_champion(seat_in(tmp_path))
