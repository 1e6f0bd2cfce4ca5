"""Who decided what about labels, and what of it applies to the data."""

from drawn_decisions import DAY, RUN, SICK, WELL, cells, named, word

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Decision, Entry
from smearflow.data.label_tally import Applied, Reader, kind_of, tally

NIGHT = "2026-11-29T23:00:00+00:00"
SAID = (
    word(0, SICK),
    word(0, WELL, time=NIGHT),
    word(1, WELL, queue="blind"),
    word(0, SICK, "bob", queue="second"),
    word(2, EXCLUDE, "bob"),
    word(3, UNSURE, "bob"),
    word(3, WITHDRAWN, "bob"),
    named("gone.png", WELL, "bob"),
    named("C4_cell.png", SICK, "bob"),
)


def entries(*decisions: Decision) -> list[Entry]:
    return [Entry(number, each, "") for number, each in enumerate(decisions, start=1)]


def test_readers_by_what_they_said_last() -> None:
    ann, bob = tally(entries(*SAID), None).readers
    assert ann == Reader("ann", 2, {"kept": 1, "relabelled": 1}, DAY, NIGHT)
    assert (bob.decisions, bob.kinds) == (4, {"kept": 1, "labelled": 2, "exclude": 1})


def test_queues_and_the_last_lines() -> None:
    found = tally(entries(*SAID), None)
    assert found.queues == {
        "blind": {"kept": 1},
        "import": {"labelled": 2},
        "second": {"kept": 1},
        "worst": {"relabelled": 1, "exclude": 1},
    }
    assert [each.number for each in found.last(2)] == [8, 9]


def test_what_applies_to_the_cells_of_a_run() -> None:
    twice = cells().assign(path=[*cells()["path"][:5], "b/C4_cell.png"])
    labels = {"disputed": 1, "excluded": 1, "kept": 1}
    assert tally(entries(*SAID), (RUN, twice)).applied == Applied(RUN, 6, labels, absent=1, ambiguous=1)


def test_an_earlier_runs_labels_are_not_taken_for_given() -> None:
    relabelled = cells().assign(label=WELL, label_source="relabelled", reason="excluded")
    assert tally(entries(word(0, SICK)), (RUN, relabelled)).applied == Applied(RUN, 6, {"kept": 1}, 0, 0)


def test_what_was_decided_before_the_first_run_is_told_by_what_the_data_say_since() -> None:
    said = entries(named("C0_cell.png", SICK), named("C1_cell.png", SICK), named("gone.png", SICK))
    assert tally(said, None).readers[0].kinds == {"labelled": 3}
    assert tally(said, (RUN, cells())).readers[0].kinds == {"kept": 1, "relabelled": 1, "labelled": 1}


def test_the_kind_of_a_decision() -> None:
    said = [word(0, SICK), word(0, WELL), named("a", WELL), word(0, EXCLUDE), word(0, WITHDRAWN)]
    assert [kind_of(each) for each in said] == ["kept", "relabelled", "labelled", EXCLUDE, WITHDRAWN]
