"""A review under way: what becomes of decisions, of undoing, of two tabs, of a second process."""

import pytest
from drawn_review import decided, session_in

from smearflow.data.decisions import read_decisions
from smearflow.errors import UsageError
from smearflow.service.review_session import SAW


@pytest.fixture
def session(tmp_path):
    return session_in(tmp_path)


def first(session, reader="Anna"):
    return session.state(reader)["cells"][0]


def test_a_decision_is_in_the_ledger_and_the_next_cell_comes(session):
    cell = first(session)
    session.decide("Anna", cell["sha256"], "Uninfected")
    (entry,) = read_decisions(session.ledger)
    assert (entry.decision.sha256, entry.decision.decided, entry.decision.reader) == (
        cell["sha256"],
        "Uninfected",
        "Anna",
    )
    assert entry.decision.given == cell["given"] and entry.decision.file.endswith(cell["file"])
    state = session.state("Anna")
    assert state["cells"][0]["sha256"] != cell["sha256"]
    assert state["last"] == {"number": 1, "file": cell["file"], "decided": "Uninfected"}


def test_a_cell_that_was_decided_in_another_tab_isnt_decided_twice(session):
    cell = first(session)["sha256"]
    session.decide("Anna", cell, "Uninfected")
    session.decide("Anna", cell, "Parasitized")
    assert len(read_decisions(session.ledger)) == 1 and session.made == 1


def test_undoing_shows_the_cell_again_as_often_as_one_likes(session):
    shown = []
    for _ in range(3):
        shown.append(first(session)["sha256"])
        session.decide("Anna", shown[-1], "unsure")
    for cell in reversed(shown):
        session.undo("Anna", session.state("Anna")["last"]["number"])
        assert first(session)["sha256"] == cell
    assert session.state("Anna")["last"] is None and session.made == 0
    assert [e.decision.decided for e in read_decisions(session.ledger)] == ["unsure"] * 3 + ["withdrawn"] * 3


def test_what_another_tab_has_undone_isnt_undone_twice(session):
    for _ in range(2):
        session.decide("Anna", first(session)["sha256"], "unsure")
    number = session.state("Anna")["last"]["number"]
    session.undo("Anna", number)
    session.undo("Anna", number)
    assert len(read_decisions(session.ledger)) == 3


def test_what_was_decided_before_this_review_can_be_taken_back_too(session):
    cell = first(session)["sha256"]
    decided(session.ledger, [cell], "unsure", "Anna")
    session.undo("Anna", session.state("Anna")["last"]["number"])
    assert first(session)["sha256"] == cell and (session.made, session.withdrawn) == (0, 1)


def test_a_cell_that_is_put_off_comes_back(session):
    cell = first(session)["sha256"]
    session.put_off("Anna", cell)
    assert first(session)["sha256"] != cell
    for _ in range(20):
        session.decide("Anna", first(session)["sha256"], "unsure")
    assert cell in [each["sha256"] for each in session.state("Anna")["cells"]]
    while session.state("Anna")["cells"]:
        session.decide("Anna", first(session)["sha256"], "unsure")
    assert session.state("Anna")["figures"]["decided"] == 40  # none is lost by it


def test_that_the_model_was_asked_goes_with_the_decision(session):
    cell = first(session)
    assert session.opinion("Anna", cell["sha256"])["positive"] == "Parasitized"
    session.decide("Anna", cell["sha256"], "Uninfected")
    session.decide("Anna", first(session)["sha256"], "Uninfected")
    assert [e.decision.reason for e in read_decisions(session.ledger)] == [SAW, ""]


def test_why_a_cell_is_shown_is_told_nobody_and_kept(session):
    while cells := session.state("Anna")["cells"]:
        assert set(cells[0]) == {"sha256", "file", "given", "near"}
        session.decide("Anna", cells[0]["sha256"], "unsure")
    assert {e.decision.queue for e in read_decisions(session.ledger)} == {"worst", "blind"}


def test_another_process_at_the_same_ledger_is_heard(session):
    cell = first(session)["sha256"]
    decided(session.ledger, [cell], "Uninfected", "Anna")
    assert first(session)["sha256"] != cell


def test_two_readers_and_a_third(tmp_path):
    session = session_in(tmp_path, blind=0, readers=2)
    cell = first(session, "Anna")["sha256"]
    session.decide("Anna", cell, "Uninfected")
    assert first(session, "Bela")["sha256"] == cell
    session.decide("Bela", cell, "Parasitized")
    assert first(session, "Cleo")["sha256"] == cell
    session.decide("Cleo", cell, "Parasitized")
    assert [e.decision.queue for e in read_decisions(session.ledger)] == ["worst", "second", "third"]
    assert session.figures("Cleo").disputed == 0 and session.figures("Cleo").twice == 1


@pytest.mark.parametrize(("sha256", "word"), [("f" * 64, "unsure"), (None, "withdrawn"), (None, "Platelet")])
def test_what_cant_be_decided(session, sha256, word):
    with pytest.raises(UsageError, match="isn't a decision"):
        session.decide("Anna", sha256 or first(session)["sha256"], word)
