"""One value of a column goes with one value of another: which rows break that, and what a person reads of it."""

from pathlib import Path

import pandas as pd
import pytest

from expectations import engine
from expectations.rule import Rule

OWNER = Rule(
    suite="groups",
    sentence="a picture has one owner",
    bound="no exception",
    severity="critical",
    why="because.",
    fix="mend it.",
    kind="expectations.determines:ExpectColumnToDetermineAnother",
    arguments={"column_A": "picture", "column_B": "owner"},
)


def pictures(rows: list[tuple[str | None, str | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["picture", "owner"], dtype=object)
    return frame.assign(path=[f"{number}.png" for number in range(len(rows))])


def result(frame: pd.DataFrame, docs: Path | None = None, **arguments: object) -> engine.Result:
    rule = Rule(**{**vars(OWNER), "arguments": {**OWNER.arguments, **arguments}})
    with engine.session() as session:
        found = session.run({0: rule}, "images", frame)
        if docs:
            session.write_docs(docs)
    return found[0]


def test_all_rows_of_a_value_that_goes_with_several_break_it() -> None:
    found = result(pictures([("a", "C1"), ("b", "C1"), ("a", "C2"), ("c", "C3"), ("c", "C3"), ("a", "C1")]))
    assert not found.passed
    assert (found.unexpected, found.elements, found.rows) == (3, 6, ("0.png", "2.png", "5.png"))


def test_rows_in_which_either_is_missing_are_not_looked_at() -> None:
    found = result(pictures([("a", "C1"), ("a", None), (None, "C1"), (None, "C2"), ("b", "C2")]))
    assert found.passed and (found.unexpected, found.elements) == (0, 2)


def test_as_many_as_mostly_says_may_break_it() -> None:
    rows = pictures([("a", "C1"), ("a", "C2"), *[(f"other {n}", "C1") for n in range(8)]])
    assert result(rows, mostly=0.8).passed and not result(rows, mostly=0.9).passed


def test_rows_that_a_condition_leaves_aside_speak_for_nobody() -> None:
    rows = pictures([("a", "C1"), ("a", "C2")])
    assert result(rows, row_condition='owner=="C1"', condition_parser="pandas").elements == 1
    assert result(rows, row_condition='owner=="C1"', condition_parser="pandas").passed


@pytest.mark.parametrize("rows", [[], [(None, None)], [("a", "C1")]])
def test_a_table_of_next_to_nothing_holds(rows: list[tuple[str | None, str | None]]) -> None:
    assert result(pictures(rows)).passed


def test_data_docs_say_it_in_words_and_name_the_rows(tmp_path: Path) -> None:
    result(pictures([("a", "C1"), ("a", "C2<b>")]), tmp_path / "docs")
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    html = page.read_text()
    assert "a picture has one owner" in html and "2 unexpected values found" in html
    assert "must go with one value of" in html and "0.png" in html and "<b>" not in html.split("a picture has")[1]
    assert "a, C2&lt;b&gt;" in html, "two values, not Python's way of writing them"
