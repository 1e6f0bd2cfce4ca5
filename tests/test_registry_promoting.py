"""A new version is registered, proves itself, and is champion; one that doesn't is kept from it (8 s: processes)."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_registry import FACTS, bundle_of, empty_registry, proposal, seat_in

from smearflow.registry.champion import fetch_bundle
from smearflow.registry.promoting import digests_of_files, promote
from smearflow.registry.promotions import Entry
from smearflow.registry.succession import Seat, champion_now
from smearflow.registry.versions import registered_versions
from smearflow.workspace import file_digest


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Seat:
    seat = seat_in(tmp_path_factory.mktemp("promoting"))
    shutil.copyfile(empty_registry(), seat.workspace.registry)
    return seat


@pytest.fixture(scope="module")
def unfit(seat: Seat, tmp_path_factory: pytest.TempPathFactory) -> Entry:
    """The first version's promotion, whose network isn't the one that its golden batch was made with."""
    bundle = bundle_of(tmp_path_factory.mktemp("unfit"))
    (bundle / "model.keras").write_text("0.25")
    return promote(seat, bundle, FACTS, seat.workspace.registry_files, proposal(seat, "r0"))


def test_one_that_does_not_repeat_its_golden_batch_is_kept_from_the_alias(seat: Seat, unfit: Entry) -> None:
    assert (unfit.decision.decision, unfit.decision.version) == ("refused", None)
    assert unfit.decision.why.startswith("Version 1 was registered, and may not serve. It doesn't repeat its golden")
    assert "1 changed decisions" in unfit.decision.why  # 100 of 255 was dark
    assert champion_now(seat) is None


def test_one_that_does_is_champion_and_its_files_are_on_record(seat: Seat, unfit: Entry, tmp_path: Path) -> None:
    decision = proposal(seat, "r1")
    made = promote(seat, bundle_of(tmp_path), replace(FACTS, run_id="r1"), seat.workspace.registry_files, decision)
    champion = champion_now(seat)
    assert champion is not None and champion.version == made.decision.version == 2
    assert (made.decision.decision, made.step, seat.decisions()[-1]) == ("promoted", "decided", made)
    network = fetch_bundle(seat.uri, champion, tmp_path) / "model.keras"
    assert made.decision.files["artifacts/bundle/model.keras"] == file_digest(network)
    assert digests_of_files(seat.uri, champion) == made.decision.files
    assert "pyfunc_entry.py" in made.decision.files


def test_one_that_was_judged_against_another_champion_is_not_even_registered(
    seat: Seat, unfit: Entry, tmp_path: Path
) -> None:
    known = registered_versions(seat.uri, seat.name)
    late = replace(proposal(seat, "r2"), previous=17)
    entry = promote(seat, bundle_of(tmp_path), FACTS, seat.workspace.registry_files, late)
    assert entry.decision.decision == "kept"
    assert registered_versions(seat.uri, seat.name) == known
