"""The ledger of decisions: what it keeps, what it doesn't let pass, and what it outlives."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from drawn_decisions import DAY, SICK, WELL, ledger_of, named, word
from small_disk import fill, small_disk

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Decision, append, head_of, now, read_decisions
from smearflow.errors import DataError, DiskError

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Three decisions of two readers."""
    return ledger_of(tmp_path, word(0, WELL), word(1, UNSURE, "bob", reason="blurred"), word(0, WITHDRAWN))


def test_what_is_decided_is_read_again_in_order(ledger: Path) -> None:
    entries = read_decisions(ledger)
    assert [each.number for each in entries] == [1, 2, 3]
    assert entries[1].decision == word(1, UNSURE, "bob", reason="blurred")
    assert len({each.chain for each in entries}) == 3


def test_where_there_is_no_ledger_nothing_was_decided(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "none.csv") == ()
    assert append(tmp_path / "none.csv", []) == ()
    assert not (tmp_path / "none.csv").exists()


def test_it_is_only_added_to_and_each_version_has_a_head_of_its_own(ledger: Path) -> None:
    before, head = ledger.read_bytes(), head_of(read_decisions(ledger))
    (added,) = append(ledger, [word(2, EXCLUDE)])
    assert ledger.read_bytes().startswith(before)
    assert (added.number, added.chain) == (4, head_of(read_decisions(ledger)))
    assert added.chain != head != head_of(())


def test_a_spreadsheet_reads_it_by_its_header(ledger: Path) -> None:
    with ledger.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["decided"] for row in rows] == [WELL, UNSURE, WITHDRAWN]
    assert rows[1]["reader"] == "bob" and rows[1]["time"] == DAY


@pytest.mark.parametrize(
    "name",
    ["a, b.png", '"c".png', "two\nlines\r.png", "\u00fc\u2028\x85.png", "tab\t.png", " .png", "'=1+1.png", "\\x5c.png"],
)
def test_any_name_survives(tmp_path: Path, name: str) -> None:
    ledger = ledger_of(tmp_path, named(name, SICK), named(name, WELL, "\u00e9va"))
    assert [each.decision.file for each in read_decisions(ledger)] == [name, name]
    assert len(ledger.read_bytes().split(b"\n")) == 4


def test_a_reason_of_several_lines_is_one_line_and_a_reader_that_is_no_utf8_is_kept(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, named("a.png", SICK, "b\udce9", reason="a ring\nat the edge"))
    (entry,) = read_decisions(ledger)
    assert (entry.decision.reason, entry.decision.reader) == ("a ring at the edge", "b\\udce9")


def test_every_byte_counts(ledger: Path) -> None:
    sound = ledger.read_bytes()
    for place in range(len(sound)):
        ledger.write_bytes(sound[:place] + bytes([sound[place] ^ (1 << place % 8)]) + sound[place + 1 :])
        with pytest.raises(DataError, match=r"changed by another hand: line \d") as caught:
            read_decisions(ledger)
    assert str(ledger) in caught.value.what and "backup" in caught.value.fix


@pytest.mark.parametrize(
    ("order", "line"), [((0, 2, 1, 3), 2), ((0, 1, 1, 2, 3), 3), ((0, 1, 3), 3), ((0, 2, 3), 2), ((1, 2, 3), 1)]
)
def test_lines_that_were_moved_doubled_or_taken_out_are_named(ledger: Path, order: tuple[int, ...], line: int) -> None:
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[each] for each in order))
    for touch in (lambda: read_decisions(ledger), lambda: append(ledger, [word(2, SICK)])):
        with pytest.raises(DataError, match=f"line {line},"):
            touch()
    assert ledger.read_text() == "".join(lines[each] for each in order)


def test_wherever_a_write_is_cut_off_what_was_whole_is_read_and_the_next_one_mends_it(ledger: Path) -> None:
    sound = ledger.read_bytes()
    for length in range(0, len(sound), 11):
        ledger.write_bytes(sound[:length])
        whole = max(sound[:length].count(b"\n") - 1, 0)
        assert len(read_decisions(ledger)) == whole
        append(ledger, [word(5, SICK)])
        assert [each.number for each in read_decisions(ledger)] == list(range(1, whole + 2))


ADDING = """
import sys
from pathlib import Path
from smearflow.data.decisions import Decision, append
for number in range(20):
    said = [Decision(f"{number}.png", None, None, word, sys.argv[2], "today") for word in ("unsure", "exclude")]
    append(Path(sys.argv[1]), said)
"""


def test_two_who_decide_at_once_both_land(tmp_path: Path) -> None:
    ledger = tmp_path / "labels.csv"
    asked = [[sys.executable, "-c", ADDING, str(ledger), reader] for reader in ("ann", "bob")]
    both = [subprocess.Popen(each, cwd=CHECKOUT) for each in asked]
    assert [each.wait(timeout=60) for each in both] == [0, 0]
    told = [each.decision for each in read_decisions(ledger)]
    for reader in ("ann", "bob"):
        mine = [(each.file, each.decided) for each in told if each.reader == reader]
        assert mine == [(f"{number}.png", decided) for number in range(20) for decided in (UNSURE, EXCLUDE)]
    together = zip(told[::2], told[1::2], strict=True)  # what is added in one call stays together
    assert all(one.reader == other.reader and one.file == other.file for one, other in together)


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        ledger = ledger_of(disk, word(0, WELL))
        before = ledger.read_bytes()
        filler = fill(disk)
        many = [word(number, SICK, reason="x" * 500) for number in range(100)]
        with pytest.raises(DiskError, match="is full"):
            append(ledger, many)
        assert ledger.read_bytes() == before
        filler.unlink()
        append(ledger, many)
        assert len(read_decisions(ledger)) == 101


def test_times_sort_as_text() -> None:
    assert len(now()) == len(DAY) and now().endswith("+00:00")


def test_a_line_that_continues_the_chain_and_is_no_decision_is_refused(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, Decision("a", None, None, SICK, "ann", DAY))
    sound = ledger.read_text()
    ledger.write_text(sound.replace("number,", "number, ", 1))
    with pytest.raises(DataError, match="line 1, it isn't number,file"):
        read_decisions(ledger)
