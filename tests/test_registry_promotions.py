"""The promotion ledger: a chain that shows every changed byte, and a torn end that is no change."""

import json
import math
from pathlib import Path

import pytest

from smearflow.errors import DataError
from smearflow.registry.promotions import (
    Decision,
    Entry,
    append,
    decided,
    is_settled,
    line_of_champions,
    mend,
    openings_of_test,
    read_promotions,
)

PROMOTED = Decision("promoted", "workspace", "cells", 1, None, "good", test={"auc": (0.9, math.nan, 1.0)})
KEPT = Decision("kept", "workspace", "cells", 1, 1, "not better: é")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A promotion, intent and all, and a decision to keep it: three entries."""
    path = tmp_path / "promotion_ledger.jsonl"
    intent = append(path, "intent", PROMOTED)
    append(path, "decided", PROMOTED, of=intent.number)
    append(path, "decided", KEPT)
    return path


def test_an_entry_says_what_was_decided_when_and_by_whom(ledger: Path) -> None:
    intent, made, kept = read_promotions(ledger)
    assert (intent.step, intent.open, made.step, made.of, made.open) == ("intent", (1,), "decided", 1, ())
    assert made.decision.test == {"auc": (0.9, None, 1.0)}  # what couldn't be measured is null
    assert kept.decision.why == "not better: é"
    assert kept.when.endswith("+00:00")
    assert json.loads(ledger.read_text().splitlines()[2])["decision"] == "kept"


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert read_promotions(tmp_path / "none.jsonl") == ()
    assert is_settled(tmp_path / "none.jsonl")


def test_the_last_line_tells_that_an_intent_is_open(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    append(path, "intent", PROMOTED)
    assert not is_settled(path)
    append(path, "decided", KEPT)
    assert not is_settled(path)  # somebody else's decision doesn't close it
    append(path, "undone", PROMOTED, of=1)
    assert is_settled(path)


def test_every_flipped_byte_is_found(ledger: Path) -> None:
    sound = ledger.read_bytes()
    for place in range(len(sound)):
        ledger.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with pytest.raises(DataError, match=r"changed by another hand: entry [1-4],"):
            mend(ledger)
            read_promotions(ledger)


@pytest.mark.parametrize(("spoilt", "entry"), [(lambda a, b, c: (a, c), 2), (lambda a, b, c: (b, a, c), 1)])
def test_an_entry_taken_out_or_moved_is_named(ledger: Path, spoilt, entry: int) -> None:
    ledger.write_bytes(b"".join(spoilt(*ledger.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DataError, match=f"entry {entry}, its digest doesn't continue the entry before it") as caught:
        append(ledger, "decided", KEPT)
    assert "smearflow restore" in caught.value.fix


def test_a_line_that_a_kill_cut_off_anywhere_is_taken_away_and_the_rest_stays(ledger: Path) -> None:
    sound = ledger.read_bytes()
    begin = sound.rindex(b"\n", 0, -1) + 1
    for cut in range(begin + 1, len(sound) - 1):
        ledger.write_bytes(sound[:cut])
        assert not is_settled(ledger)
        mend(ledger)
        assert ledger.read_bytes() == sound[:begin]


def test_a_line_that_lacks_its_line_break_alone_is_whole(ledger: Path) -> None:
    sound = ledger.read_bytes()
    ledger.write_bytes(sound[:-1])
    mend(ledger)
    assert ledger.read_bytes() == sound


def test_what_somebody_typed_at_the_end_is_no_cut_off_line(ledger: Path) -> None:
    with ledger.open("a") as file:
        file.write("all is well")
    with pytest.raises(DataError, match="entry 4, it ends in something that is no entry"):
        mend(ledger)


def test_a_first_line_that_was_cut_off_leaves_an_empty_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    append(path, "intent", PROMOTED)
    path.write_bytes(path.read_bytes()[:30])
    assert append(path, "decided", KEPT).number == 1


def test_decisions_of_other_names_and_registries_are_others(ledger: Path) -> None:
    append(ledger, "decided", Decision("refused", "https://elsewhere", "cells", None, None, "bad"))
    append(ledger, "decided", Decision("rolled_back", "workspace", "cells", 1, 2, "worse in use"))
    ours = decided(read_promotions(ledger), "workspace", "cells")
    assert [entry.decision.decision for entry in ours] == ["promoted", "kept", "rolled_back"]
    assert openings_of_test(ours) == 2  # a rollback opens none


def entries(*steps: tuple[str, int | None, int | None]) -> list[Entry]:
    """Decisions of (kind, version after, version before)."""
    made = [Decision(kind, "workspace", "cells", after, before, "") for kind, after, before in steps]  # type: ignore[arg-type]
    return [Entry(n, "decided", "", None, None, False, (), decision, "") for n, decision in enumerate(made, 1)]


def test_the_line_of_champions_goes_back_with_a_rollback_and_on_from_there() -> None:
    three = [("promoted", 1, None), ("promoted", 2, 1), ("kept", 2, 2), ("promoted", 4, 2)]
    assert line_of_champions(entries(*three)) == [1, 2, 4]
    assert line_of_champions(entries(*three, ("rolled_back", 2, 4))) == [1, 2]
    assert line_of_champions(entries(*three, ("rolled_back", 2, 4), ("rolled_back", 4, 2))) == [1, 2, 4]
    assert line_of_champions(entries(("kept", 3, 3), ("promoted", 5, 3))) == [3, 5]  # 3: of before the ledger
    assert line_of_champions([]) == []
