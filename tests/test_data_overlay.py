"""What decisions make of labels: each kind of word, several readers, cells known by content, path or bare name."""

import random
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from drawn_decisions import SICK, WELL, cells, ledger_of, named, sha, word

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Decision, Entry, read_decisions
from smearflow.data.manifest import content_digest
from smearflow.data.overlay import ABSENT, AMBIGUOUS, matched, nothing, opinions, standing, with_labels
from smearflow.data.scanning import with_set_reasons
from smearflow.settings import Data

Row = tuple[str, str, str]
Labels = list[tuple[str | None, str, str | None]]


def said(*decisions: Decision) -> pd.DataFrame:
    """OPINIONS of a ledger of ``decisions``."""
    return opinions(Entry(number, each, "") for number, each in enumerate(decisions, start=1))


def laid_over(manifest: pd.DataFrame, *decisions: Decision) -> Labels:
    """Label, label_source and reason of each row, once ``decisions`` count."""
    rows = with_labels(manifest, said(*decisions))[["label", "label_source", "reason"]].astype(object)
    return [tuple(None if value is pd.NA else value for value in row) for row in rows.to_numpy().tolist()]


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], (SICK, "given", None)),
        ([word(0, SICK)], (SICK, "kept", None)),
        ([word(0, WELL)], (WELL, "relabelled", None)),
        ([word(0, EXCLUDE)], (SICK, "excluded", "excluded")),
        ([word(0, UNSURE)], (SICK, "unsure", None)),
        ([word(0, WELL), word(0, EXCLUDE)], (SICK, "excluded", "excluded")),  # the last word counts
        ([word(0, WELL), word(0, WITHDRAWN)], (SICK, "given", None)),
        ([word(0, WELL), word(0, UNSURE), word(0, WITHDRAWN)], (WELL, "relabelled", None)),  # and then the one before
        ([word(0, WITHDRAWN), word(0, WELL)], (WELL, "relabelled", None)),  # there was nothing to take back
        ([word(0, WELL), word(0, SICK, "bob")], (SICK, "disputed", None)),
        ([word(0, WELL), word(0, EXCLUDE, "bob")], (SICK, "disputed", None)),
        ([word(0, WELL), word(0, SICK, "bob"), word(0, WELL, "eve", queue="third")], (WELL, "relabelled", None)),
        ([word(0, WELL), word(0, SICK, "bob"), word(0, UNSURE, "eve")], (SICK, "disputed", None)),
        ([word(0, WELL), word(0, UNSURE, "bob")], (WELL, "relabelled", None)),  # who is unsure leaves it to the other
        ([word(0, WELL), word(0, SICK, "bob"), word(0, WITHDRAWN, "bob")], (WELL, "relabelled", None)),
    ],
)
def test_what_readers_say_of_a_cell(decisions: list[Decision], expected: tuple[str, str, str | None]) -> None:
    first, *others = laid_over(cells(), *decisions)
    assert first == expected
    assert {each[1:] for each in others} == {("given", None)}


def test_what_was_given_stays_in_the_manifest_and_the_version_tells_of_every_word() -> None:
    rows = with_labels(cells(), said(word(0, WELL), word(1, WELL)))
    assert rows["label_given"].tolist() == cells()["label"].tolist()
    assert rows["label"].tolist() == [WELL, WELL, SICK, WELL, SICK, WELL]
    versions = [said(), said(word(0, WELL)), said(word(0, SICK)), said(word(0, UNSURE)), said(word(0, EXCLUDE))]
    assert len({content_digest(with_labels(cells(), each)) for each in versions}) == 5


@pytest.mark.parametrize(
    "file",
    [
        "Parasitized/C0_cell.png",
        "C0_cell.png",
        "1/Parasitized/C0_cell.png",  # as it was called in a list of sources
        "/home/ann/cells/Parasitized/C0_cell.png",
    ],
)
def test_a_cell_is_known_by_its_name_whatever_comes_before(file: str) -> None:
    assert laid_over(cells(), named(file, WELL))[0] == (WELL, "relabelled", None)


def test_by_content_it_is_known_under_any_name() -> None:
    moved = cells().assign(path=[f"2/else/{number}.png" for number in range(6)])
    assert laid_over(moved, word(0, WELL))[0] == (WELL, "relabelled", None)
    several = cells().assign(path="1/" + cells()["path"])
    assert laid_over(several, named("Parasitized/C0_cell.png", WELL))[0] == (WELL, "relabelled", None)


def test_the_end_of_a_name_is_no_name() -> None:
    assert laid_over(cells(), named("0_cell.png", WELL), named("d/C0_cell.png", WELL)) == laid_over(cells())


def test_a_name_that_two_cells_have_is_applied_to_neither_and_counted() -> None:
    twice = cells().assign(path=[f"{label}/same.png" for label in "abcdef"])
    decisions = said(named("same.png", WELL), named("a/same.png", WELL))
    assert matched(decisions, twice).tolist() == [AMBIGUOUS, sha(0)]
    assert [each[1] for each in laid_over(twice, named("same.png", WELL))] == ["given"] * 6
    assert matched(decisions, twice.assign(sha256=sha(3))).tolist() == [sha(3)] * 2  # copies are one cell


def test_a_decision_about_a_cell_that_is_not_there_waits_for_it() -> None:
    decisions = (word(0, WELL), named("C1_cell.png", SICK))
    without = cells().drop(index=[0, 1])
    assert matched(said(*decisions), without).tolist() == [ABSENT] * 2
    assert laid_over(without, *decisions) == laid_over(without)
    assert laid_over(cells(), *decisions)[:2] == [(WELL, "relabelled", None), (SICK, "relabelled", None)]


def test_a_cell_that_changed_is_another_cell() -> None:
    changed = cells().assign(sha256=[sha(90 + number) for number in range(6)])
    assert laid_over(changed, word(0, WELL)) == laid_over(changed)


def test_a_reader_has_one_word_on_a_cell_by_whatever_name() -> None:
    found = standing(said(named("C0_cell.png", WELL), word(0, SICK), word(0, SICK, "bob", reason="a ring")), cells())
    assert found.loc[sha(0)].to_dict() == {"decided": SICK, "readers": 2, "reasons": "a ring"}
    assert laid_over(cells(), word(0, SICK), named("C0_cell.png", WELL))[0] == (WELL, "relabelled", None)


def test_what_an_image_is_left_out_for_stays_and_so_does_a_row_that_could_not_be_read() -> None:
    rows = cells().assign(reason=["blank", None, None, None, None, "unreadable"])
    rows.loc[5, "sha256"] = pd.NA
    found = laid_over(rows, word(0, EXCLUDE), word(0, EXCLUDE, "bob"), word(5, SICK))
    assert found[0] == (SICK, "excluded", "blank")
    assert found[5] == (WELL, "given", "unreadable")


def test_cells_without_a_label_wait_for_one_where_others_have_one() -> None:
    rows = cells().assign(label=[None, SICK, WELL, None, None, None])
    found = laid_over(rows, word(0, WELL), word(3, UNSURE), word(4, EXCLUDE))
    assert found[0] == (WELL, "labelled", None)
    assert [each[1:] for each in found[3:]] == [
        ("unsure", "unlabelled"),
        ("excluded", "excluded"),
        ("given", "unlabelled"),
    ]
    flat = laid_over(cells().assign(label=None))
    assert set(flat) == {(None, "given", None)}  # a batch: nobody has labelled any


def test_a_relabelled_copy_settles_what_two_folders_contradicted() -> None:
    copies = cells(4).assign(pixels=["p", "p", "q", "r"])
    assert with_set_reasons(with_labels(copies, nothing()), Data())[:2].tolist() == ["label_conflict"] * 2
    settled = with_set_reasons(with_labels(copies, said(word(0, WELL))), Data())
    assert settled.isna().tolist() == [True, False, True, True] and settled[1] == "duplicate"
    same_bytes = copies.assign(sha256=[sha(0), sha(0), sha(2), sha(3)])
    rows = with_labels(same_bytes, said(word(0, WELL)))
    assert rows["label_source"].tolist()[:2] == ["relabelled", "kept"]
    assert with_set_reasons(rows, Data()).fillna("")[:2].tolist() == ["", "duplicate"]


def test_opinions_of_a_ledger_on_disk(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, word(0, WELL), word(1, SICK, "bob"), word(0, UNSURE), word(1, WITHDRAWN, "bob"))
    found = opinions(read_decisions(ledger))
    assert found[["number", "reader", "decided"]].to_numpy().tolist() == [[3, "ann", UNSURE]]
    assert nothing().dtypes.equals(found.dtypes)


def test_random_decisions_come_to_what_a_simple_model_says() -> None:
    draw = random.Random(9)
    cells_of_all: list[Row] = []
    decisions, expected = [], []
    for number in range(300):  # of cells apart, so that all of them are laid over at once
        rows = _random_rows(draw, 10 * number)
        words = [_random_word(draw, rows) for _ in range(draw.randrange(1, 25))]
        expected += [(words, *row) for row in _modelled(rows, words)]
        cells_of_all += rows
        decisions += words
    manifest = pd.DataFrame(cells_of_all, columns=["path", "sha256", "label"], dtype="string")
    found = laid_over(manifest.assign(reason=pd.array([None] * len(manifest), dtype="string")), *decisions)
    for (words, *row), (*told, _) in zip(expected, found, strict=True):
        assert told == row, words


def _random_rows(draw: random.Random, first: int) -> list[Row]:
    """Path, content and label of some cells, among them copies and names that several have."""
    numbers = range(first, first + draw.randrange(2, 6))
    rows = {f"{SICK}/C{n}_cell.png": (sha(n), draw.choice((SICK, WELL))) for n in numbers}
    for _ in range(draw.randrange(3)):
        rows[f"{draw.choice('ab')}/C{draw.choice(numbers)}_cell.png"] = (sha(draw.choice(numbers)), SICK)
    return [(path, *known) for path, known in rows.items()]


def _random_word(draw: random.Random, rows: list[Row]) -> Decision:
    path, sha256, _ = draw.choice(rows)
    name = draw.choice((path, path, path.split("/")[1], f"1/{path}", f"gone {path}"))
    decided = draw.choice((SICK, WELL, WELL, EXCLUDE, UNSURE, WITHDRAWN))
    return Decision(name, draw.choice((None, sha256, sha256, sha256[::-1])), None, decided, draw.choice("abc"), "today")


def _modelled(rows: list[Row], decisions: list[Decision]) -> list[tuple[str, str]]:
    """Label and label_source of each row, word by word."""
    stacks: dict[tuple[str, str], list[tuple[int, Decision]]] = {}
    for number, each in enumerate(decisions):
        stack = stacks.setdefault((each.reader, each.sha256 or each.file), [])
        if each.decided != WITHDRAWN:
            stack.append((number, each))
        elif stack:
            stack.pop()
    words: dict[str, dict[str, str]] = {}
    for _, each in sorted((stack[-1] for stack in stacks.values() if stack), key=lambda top: top[0]):
        fits = {
            digest for path, digest, _ in rows if each.file == path or _ends(path, each.file) or _ends(each.file, path)
        }
        contents = fits if each.sha256 is None else {each.sha256}
        if len(contents) == 1:
            words.setdefault(contents.pop(), {})[each.reader] = each.decided
    return [_row_modelled(label, list(words.get(digest, {}).values())) for _, digest, label in rows]


def _ends(longer: str, end: str) -> bool:
    return longer.endswith("/" + end)


def _row_modelled(label: str, told: list[str]) -> tuple[str, str]:
    if not told:
        return label, "given"
    votes = Counter(each for each in told if each != UNSURE).most_common(2)
    if not votes:
        return label, "unsure"
    if len(votes) == 2 and votes[0][1] == votes[1][1]:
        return label, "disputed"
    decided = votes[0][0]
    if decided == EXCLUDE:
        return label, "excluded"
    return decided, "kept" if decided == label else "relabelled"
