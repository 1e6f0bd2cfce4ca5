"""CSV files of labels: what is read, what is refused and how that is told, and that a written queue comes back."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from drawn_decisions import SICK, WELL, sha

from smearflow.data.label_files import guarded, read_label_file, unguarded, write_queue
from smearflow.errors import UsageError

CLASSES = (SICK, WELL)
Told = tuple[str, str | None, str, str, str]


def read(folder: Path, text: str | bytes, reader: str = "ann") -> list[Told]:
    """File, sha256, decision, reader and reason of each decision in a CSV of ``text``."""
    file = folder / "labels.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_label_file(file, CLASSES, reader).decisions
    return [(each.file, each.sha256, each.decided, each.reader, each.reason) for each in found]


def test_by_file_or_by_content_with_reader_and_reason_or_without(tmp_path: Path) -> None:
    text = f"file,label\nParasitized/C1.png,{WELL}\nC2.png,exclude\n"
    assert read(tmp_path, text) == [
        ("Parasitized/C1.png", None, WELL, "ann", ""),
        ("C2.png", None, "exclude", "ann", ""),
    ]
    text = f"reader,sha256,reason,label,seen\nbob,{sha(7).upper()},a ring,unsure,yes\n,{sha(8)},,{SICK},no\n"
    assert read(tmp_path, text) == [("", sha(7), "unsure", "bob", "a ring"), ("", sha(8), SICK, "ann", "")]


@pytest.mark.parametrize(
    "text",
    [
        "file,label,reason\nC1.png,Uninfected,\n",
        "\ufefffile,label,reason\r\nC1.png,Uninfected,\r\n",  # as Excel writes it
        "File;Label;Reason\r\nC1.png;uninfected;\r\n\r\n;;\r\n",
        "file\tlabel\treason\nC1.png\tUNINFECTED\t",
        '"file","label","reason"\n"C1.png"," Uninfected ",""\n"C1.png",Uninfected\n',  # said twice is said once
    ],
)
def test_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == [("C1.png", None, WELL, "ann", "")]


@pytest.mark.parametrize(
    "name", ["a, b.png", '"c".png', "two\nlines.png", " .png", "'.png", "'=1.png", "\u00fc.png", "@a", "a\\x5cb.png"]
)
def test_any_name_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    write_queue(
        tmp_path / "queue.csv", pd.DataFrame({"file": [name], "sha256": [None], "given": [SICK], "score": [0.5]})
    )
    with (tmp_path / "queue.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert not row["file"].startswith(("=", "+", "-", "@"))
    with (tmp_path / "filled.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*row, "label"])
        writer.writeheader()
        writer.writerow({**row, "label": WELL})
    (decision,) = read_label_file(tmp_path / "filled.csv", CLASSES, "ann").decisions
    assert decision.file == name


@pytest.mark.parametrize("value", ["=1+1", "'=1", "'", "''", "-", "plain", "", "+44", "\ta"])
def test_a_guarded_text_is_no_formula_and_is_what_it_was(value: str) -> None:
    assert not guarded(value).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(value)) == value


def test_the_path_of_a_windows_machine_is_a_path(tmp_path: Path) -> None:
    assert read(tmp_path, "file,label\nD:\\cells\\Parasitized\\C1.png,unsure\n")[0][0] == "D:/cells/Parasitized/C1.png"


def test_a_queue_is_written_worst_first_and_filled_in_by_and_by(tmp_path: Path) -> None:
    queue = pd.DataFrame(
        {"file": ["b.png", "a.png"], "sha256": [sha(2), sha(1)], "given": [SICK, None], "score": [0.25, 0.98765]}
    )
    write_queue(tmp_path / "queue.csv", queue)
    lines = (tmp_path / "queue.csv").read_text().splitlines()
    assert lines == ["file,sha256,given,score", f"a.png,{sha(1)},,0.9877", f"b.png,{sha(2)},{SICK},0.2500"]
    filled = [f"{lines[0]},label", f"{lines[1]},{SICK}", f"{lines[2]},"]
    filled[2] += WELL
    (tmp_path / "filled.csv").write_text("\n".join(filled))
    decisions = read_label_file(tmp_path / "filled.csv", CLASSES, "ann").decisions
    assert [(each.file, each.given, each.decided) for each in decisions] == [
        ("a.png", None, SICK),
        ("b.png", SICK, WELL),
    ]
    assert read(tmp_path, "\n".join([*filled[:2], f"{lines[2]},"])) == [("a.png", sha(1), SICK, "ann", "")]
    assert read_label_file(tmp_path / "labels.csv", CLASSES, "ann").undecided == 1


def test_a_file_with_bad_rows_is_refused_whole_and_they_are_named(tmp_path: Path) -> None:
    bad = ["C1.png,,sick", ",,Uninfected", "C2.png,12,unsure", "C3.png,,Uninfected,x", "C4.png,,withdrawn"]
    rows = ["file,sha256,label", "C0.png,,unsure", *bad, "C0.png,,exclude", *["C9.png,,?"] * 9]
    with pytest.raises(UsageError) as caught:
        read(tmp_path, "\n".join(rows))
    assert caught.value.exit_status == 2
    told = caught.value.what.splitlines()
    assert told[0].endswith("labels.csv was not taken in: 15 of its rows can't be.")
    assert told[1:7] == [
        "line 3: 'sick' is none of Parasitized, Uninfected, exclude, unsure",
        "line 4: neither file nor sha256 says which cell it is about",
        "line 5: '12' is no SHA-256 (64 hexadecimal digits)",
        "line 6: it has 4 fields, the first line 3",
        "line 7: 'withdrawn' is none of Parasitized, Uninfected, exclude, unsure",
        "line 8: it says exclude of what line 2 says unsure of",
    ]
    assert told[-1] == "and 5 more" and len(told) == 12


def test_two_readers_may_disagree_within_one_file(tmp_path: Path) -> None:
    told = read(tmp_path, "file,label,reader\nC1.png,unsure,ann\nC1.png,exclude,bob\n")
    assert [each[2] for each in told] == ["unsure", "exclude"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,corrected\na,b\n", "has the columns name, corrected."),
        ("file,decided\na,b\n", "has the columns file, decided."),
        ("label\nunsure\n", "has the columns label."),
        ("", "has the columns none."),
        (b"file,label\n\xe9.png,unsure\n", "isn't UTF-8: its byte 11 fits nowhere."),
        (b"\xff\xfef\x00i\x00", "isn't UTF-8"),
        ('file,label\n"' + "a" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_what_is_no_file_of_labels_is_refused_with_what_is_wanted(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert said in caught.value.what and caught.value.fix


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("none.csv", "."):
        with pytest.raises(UsageError, match="There is no file"):
            read_label_file(tmp_path / name, CLASSES, "ann")


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    rows = "".join(f"Parasitized/C{number}.png,{sha(number)},Uninfected\n" for number in range(100_000))
    assert len(read(tmp_path, f"file,sha256,label\n{rows}")) == 100_000
