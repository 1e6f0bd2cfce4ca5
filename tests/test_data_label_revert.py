"""Taking a reader's decisions back, from some moment on."""

from datetime import UTC, datetime

import pytest
from drawn_decisions import SICK, WELL, named, word

from smearflow.data.decisions import UNSURE, WITHDRAWN, Decision, Entry
from smearflow.data.label_revert import moment, withdrawals
from smearflow.data.overlay import opinions
from smearflow.errors import UsageError

MORNING, NOON, NIGHT = (f"2026-11-29T{hour:02}:00:00+00:00" for hour in (8, 12, 23))
SAID = (
    word(0, SICK, time=MORNING),
    word(0, UNSURE, time=NOON),
    word(0, WELL, time=NIGHT),
    named("b.png", WELL, time=NOON),
    word(1, SICK, time=NOON),
    word(1, WITHDRAWN, time=NIGHT),
    word(0, WELL, "bob", time=NIGHT),
)


def entries(*decisions: Decision) -> list[Entry]:
    return [Entry(number, each, "") for number, each in enumerate(decisions, start=1)]


def left(since: str | None) -> list[tuple[str, str]]:
    """Reader and word of what counts once ann's decisions since then are taken back."""
    taken = withdrawals(entries(*SAID), "ann", moment(since) if since else None)
    return opinions(entries(*SAID, *taken))[["reader", "decided"]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("since", "anns"),
    [
        (None, []),
        ("2026-11-29", []),
        ("2026-11-29T12:00", [["ann", SICK]]),  # what was said in the morning counts again
        ("2026-11-29T14:00+02:00", [["ann", SICK]]),
        ("2026-11-29T12:00:01Z", [["ann", WELL], ["ann", UNSURE]]),
        ("2026-11-30", [["ann", WELL], ["ann", WELL]]),
    ],
)
def test_what_was_said_before_counts_again(since: str | None, anns: list[list[str]]) -> None:
    assert sorted(each for each in left(since) if each[0] == "ann") == anns
    assert ["bob", WELL] in left(since)


def test_a_withdrawal_is_a_decision_of_its_own() -> None:
    first, *_ = withdrawals(entries(word(0, SICK, time=MORNING)), "ann", None)
    assert (first.decided, first.reader, first.reason, first.queue) == (WITHDRAWN, "ann", "reverted", "worst")
    assert first.time > MORNING[:10]


def test_taken_back_twice_nothing_is_left_to_take_back() -> None:
    taken = withdrawals(entries(*SAID), "ann", None)
    assert len(taken) == 4
    assert withdrawals(entries(*SAID, *taken), "ann", None) == []


def test_a_reader_who_said_nothing_is_named_with_those_who_did() -> None:
    with pytest.raises(UsageError, match="No decision is by 'Ann'") as caught:
        withdrawals(entries(*SAID), "Ann", None)
    assert caught.value.fix == "Readers: ann, bob."


@pytest.mark.parametrize("text", ["yesterday", "29.11.2026", "", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert moment("2026-11-29") == datetime(2026, 11, 29, tzinfo=UTC)
    with pytest.raises(UsageError, match="no day or time"):
        moment(text)
