"""Who held the alias when, from the ledger's decisions alone."""

from datetime import UTC, datetime

import pytest
from drawn_registry import bundle_of, crowned, proposal, registered, seat_in

from smearflow.registry.history import Held, as_plain, history, shown
from smearflow.registry.promotions import Decision
from smearflow.registry.succession import Seat, record, seated


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Seat:
    """Version 1, then 2, then 1 again by a rollback; version 3 was never anything; one candidate was kept."""
    folder = tmp_path_factory.mktemp("history")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        crowned(seat, bundle_of(folder), run)
    back = Decision("rolled_back", seat.registry, seat.name, 1, 2, "worse in use", model="compact")
    seated(seat, back)
    registered(seat, bundle_of(folder), "r3")
    record(seat, Decision("kept", seat.registry, seat.name, None, None, "not better", run="r4", model="MobileNetV2"))
    return seat


def test_a_version_was_champion_as_often_as_it_was_put_there(seat: Seat) -> None:
    pasts, decisions = history(seat)
    when = [entry.when for entry in decisions]
    assert [past.champion for past in pasts] == [True, False, False]
    assert pasts[0].held == (Held(when[0], when[1]), Held(when[2], None))
    assert pasts[1].held == (Held(when[1], when[2]),)
    assert pasts[2].held == ()


def test_as_json_it_has_both_tables(seat: Seat) -> None:
    told = as_plain(*history(seat))
    assert [past["run"] for past in told["versions"]] == ["r1", "r2", "r3"]
    assert [entry["decision"] for entry in told["decisions"]] == ["promoted", "promoted", "rolled_back", "kept"]
    assert told["decisions"][0]["test"]["auc"] == [0.98, 0.97, 0.99]
    assert told["decisions"][3]["version"] == 1


def test_a_champion_of_before_the_ledger_has_no_beginning(tmp_path) -> None:
    seat = seat_in(tmp_path)
    crowned(seat, bundle_of(tmp_path), "r1")
    seat.ledger.unlink()
    assert history(seat)[0][0].held == (Held(None, None),)
    crowned(seat, bundle_of(tmp_path), "r2")
    (first, _), (decision,) = history(seat)
    assert first.held == (Held(None, decision.when),)
    assert proposal(seat).previous == 2


def test_times_are_shown_to_the_minute() -> None:
    assert shown(datetime(2026, 11, 29, 1, 20, 59, tzinfo=UTC)) == "2026-11-29 01:20"
    assert shown("2026-11-29T01:20:59+00:00") == "2026-11-29 01:20"
    assert shown(None) == ""
