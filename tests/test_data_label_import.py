"""Decisions from elsewhere: names become contents where the data are known, and nothing counts twice."""

from pathlib import Path

import pytest
from drawn_decisions import SICK, WELL, cells, ledger_of, named, sha, word

from smearflow.data.decisions import UNSURE, WITHDRAWN, append, read_decisions
from smearflow.data.label_import import Imported, bring_in
from smearflow.errors import DataError

BROUGHT = (named("C0_cell.png", WELL), named("gone.png", SICK), named("C1_cell.png", UNSURE, "bob"))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def test_where_the_data_are_known_a_name_becomes_a_content(ledger: Path) -> None:
    assert bring_in(ledger, BROUGHT, cells()) == Imported(added=3, known=0, changed=0, absent=1, ambiguous=0)
    first, second, _ = (each.decision for each in read_decisions(ledger))
    assert (first.file, first.sha256, first.given) == ("Parasitized/C0_cell.png", sha(0), SICK)
    assert (second.file, second.sha256, second.given) == ("gone.png", None, None)


def test_before_the_first_run_all_are_kept_by_name(ledger: Path) -> None:
    assert bring_in(ledger, BROUGHT, None) == Imported(added=3, known=0, changed=0, absent=0, ambiguous=0)
    assert [each.decision for each in read_decisions(ledger)] == list(BROUGHT)


@pytest.mark.parametrize("then", [None, "cells"])
@pytest.mark.parametrize("now", [None, "cells"])
def test_brought_in_twice_it_counts_once(ledger: Path, then: str | None, now: str | None) -> None:
    bring_in(ledger, BROUGHT, cells() if then else None)
    before = ledger.read_bytes()
    if now or not then:  # once a name has become a content, that isn't forgotten unless the data are
        assert bring_in(ledger, (*BROUGHT, *BROUGHT), cells() if now else None).known == 6
        assert ledger.read_bytes() == before


def test_another_word_of_the_same_reader_is_a_change(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, word(0, SICK), word(1, SICK), word(1, WITHDRAWN))
    found = bring_in(ledger, (named("C0_cell.png", WELL), word(1, SICK), word(0, WELL, "bob")), cells())
    assert found == Imported(added=3, known=0, changed=1, absent=0, ambiguous=0)


def test_a_name_that_several_have_is_kept_by_name_and_counted(ledger: Path) -> None:
    twice = cells().assign(path=[f"{letter}/same.png" for letter in "abcdef"])
    assert bring_in(ledger, [named("same.png", SICK)], twice) == Imported(1, 0, 0, 0, 1)
    assert read_decisions(ledger)[0].decision == named("same.png", SICK)


def test_into_a_ledger_that_was_changed_nothing_is_brought(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, word(0, SICK))
    ledger.write_text(ledger.read_text().replace("ann", "bob"))
    before = ledger.read_bytes()
    with pytest.raises(DataError, match="another hand"):
        bring_in(ledger, BROUGHT, cells())
    assert ledger.read_bytes() == before


def test_nothing_to_bring_in_makes_no_ledger(ledger: Path) -> None:
    assert bring_in(ledger, (), cells()) == Imported(0, 0, 0, 0, 0)
    append(ledger, ())
    assert not ledger.exists()
