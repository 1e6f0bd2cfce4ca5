"""The ledger of who is in which set: what it keeps, and what it doesn't let pass."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smearflow.data.ledger import (
    Ledger,
    as_of,
    belonging,
    descends,
    extended,
    ledger_file,
    read_ledger,
    refuse_strangers,
    sets_in,
    write_ledger,
)
from smearflow.errors import DataError
from smearflow.settings import Data, Demo, Split

BELONGS = belonging(Data(source="cells"), Split(), "malaria-cells")
FIRST = {"C1": "train", "C2": "val", "C3": "test"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger of three patients, written down."""
    written = extended(read_ledger(tmp_path / "ledger.jsonl", BELONGS), FIRST)
    write_ledger(written)
    return written


def test_what_is_written_is_read_again(ledger: Ledger) -> None:
    assert read_ledger(ledger.path, BELONGS) == ledger
    assert sets_in(ledger.path) == FIRST


def test_it_grows_at_its_end_and_old_lines_stay_as_they_are(ledger: Ledger) -> None:
    before = ledger.path.read_text().splitlines()[1:]
    write_ledger(extended(ledger, {"C1": "test", "C4": "train", "C\N{LATIN SMALL LETTER E WITH ACUTE} 5": "test"}))
    after = ledger.path.read_text().splitlines()[1:]
    assert after[:3] == before and len(after) == 5
    assert read_ledger(ledger.path, BELONGS).sets == {
        **FIRST,
        "C4": "train",
        "C\N{LATIN SMALL LETTER E WITH ACUTE} 5": "test",
    }


def test_a_later_version_descends_from_an_earlier_one_and_a_new_beginning_does_not(ledger: Ledger) -> None:
    write_ledger(extended(ledger, {"C4": "train"}))
    assert descends(ledger.path, ledger.head)
    ledger.path.unlink()
    write_ledger(extended(read_ledger(ledger.path, BELONGS), {"C4": "train", **FIRST}))
    assert not descends(ledger.path, ledger.head)


def test_it_can_be_had_as_it_was(ledger: Ledger, tmp_path: Path) -> None:
    later = extended(ledger, {"C4": "train"})
    then = as_of(later, ledger.head, tmp_path / "then.jsonl")
    write_ledger(then)
    assert read_ledger(tmp_path / "then.jsonl", BELONGS).sets == FIRST
    assert then.head == ledger.head
    with pytest.raises(DataError, match="isn't a later version"):
        as_of(ledger, later.head, tmp_path / "then.jsonl")


def test_lost_and_drawn_alike_it_is_the_same_ledger(ledger: Ledger) -> None:
    ledger.path.unlink()
    assert extended(read_ledger(ledger.path, BELONGS), FIRST).head == ledger.head


def edited(lines: list[str]) -> list[str]:
    return [line.replace('"val"', '"train"') for line in lines]


def swapped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], lines[3]]


def doubled(lines: list[str]) -> list[str]:
    return [*lines, lines[1]]


def added(lines: list[str]) -> list[str]:
    return [*lines, json.dumps({"group": "C4", "split": "train", "chain": "0" * 64})]


@pytest.mark.parametrize(
    "spoil",
    [
        edited,
        swapped,
        doubled,
        added,
        lambda lines: lines[:1] + lines[2:],  # an entry was taken out
        lambda lines: lines[:-1],  # the last one
        lambda lines: lines[:1],  # all of them
        lambda lines: lines[1:],  # the line that says whose it is
        lambda lines: [],
        lambda lines: [*lines[:2], "{", *lines[2:]],
        lambda lines: [*lines, '["C4", "train"]'],
        lambda lines: [*lines, '{"group": "C4", "split": "exam", "chain": ""}'],
    ],
)
def test_a_ledger_that_was_tampered_with_is_refused(ledger: Ledger, spoil: Callable[[list[str]], list[str]]) -> None:
    ledger.path.write_text("\n".join(spoil(ledger.path.read_text().splitlines())))
    with pytest.raises(DataError, match="changed by another hand") as caught:
        read_ledger(ledger.path, BELONGS)
    assert str(ledger.path) in caught.value.what
    assert "backup" in caught.value.fix and "registry.name" in caught.value.fix


def test_every_byte_of_an_entry_counts(ledger: Ledger) -> None:
    sound = ledger.path.read_bytes()
    for place in range(sound.index(b"\n") + 1, len(sound)):
        if sound[place : place + 1] in (b" ", b"\n"):
            continue  # space between words says nothing
        ledger.path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(DataError):
            read_ledger(ledger.path, BELONGS)


@pytest.mark.parametrize(
    "other",
    [
        belonging(Data(source="cells"), Split(seed=7), "malaria-cells"),
        belonging(Data(source="cells"), Split(ratio=(0.8, 0.1, 0.1)), "malaria-cells"),
        belonging(Data(source="cells", group_pattern="(P)"), Split(), "malaria-cells"),
        belonging(Data(source="cells", group="image"), Split(), "malaria-cells"),
        belonging(Data(source="cells"), Split(), "others"),
        belonging(Data(), Split(), "malaria-cells"),
    ],
)
def test_a_ledger_that_was_kept_otherwise_has_another_name_and_is_refused_under_it(
    ledger: Ledger, other: dict[str, object]
) -> None:
    assert ledger_file(ledger.path.parent, other) != ledger_file(ledger.path.parent, BELONGS)
    with pytest.raises(DataError, match=r"belongs to other data: .*, not ") as caught:
        read_ledger(ledger.path, other)
    assert "Move it away" in caught.value.fix


def test_where_the_images_lie_and_the_order_of_the_classes_change_nothing() -> None:
    moved = Data(source=("elsewhere", "cells"), classes=("Uninfected", "Parasitized"))
    assert belonging(moved, Split(folders=True), "malaria-cells") == BELONGS


def test_faults_are_planted_among_the_same_drawn_cells_and_more_cells_are_others() -> None:
    def drawn(**demo: int | bool) -> dict[str, object]:
        return belonging(Data(demo=Demo(**demo)), Split(), "demo-cells")  # type: ignore[arg-type]

    assert drawn(faults=True) == drawn()
    assert drawn(images=2000) != drawn()


def test_data_with_none_of_its_patients_are_others(ledger: Ledger) -> None:
    refuse_strangers(ledger, ["C3", "C100"])
    with pytest.raises(DataError, match=r"holds 3 groups \(C1, C2, C3, ...\), and none") as caught:
        refuse_strangers(ledger, ["C100", "C200"])
    assert "registry.name" in caught.value.fix


def test_an_empty_ledger_takes_any_patients(tmp_path: Path) -> None:
    refuse_strangers(read_ledger(tmp_path / "none.jsonl", BELONGS), ["C100"])
