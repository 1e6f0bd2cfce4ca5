"""Great Expectations behind its one door."""

from dataclasses import replace

import pandas as pd
import pytest

from expectations import engine
from expectations.rule import Rule


def rule(kind: str, **arguments: object) -> Rule:
    return Rule("s", "width is right", "", "critical", "because", "mend it", kind, "width", arguments=arguments)


def test_results_come_by_the_numbers_of_the_rules_whatever_their_suites() -> None:
    between = [rule("ExpectColumnValuesToBeBetween", max_value=n) for n in (1, 2, 3)]
    frame = pd.DataFrame({"path": ["a", "b", "c"], "width": [1, 2, 3]})
    rules = [between[0], replace(between[2], suite="a"), between[1]]
    with engine.session() as session:
        results = session.run(dict(enumerate(rules)), "images", frame)
    assert [results[number].unexpected for number in range(3)] == [2, 0, 1]
    assert results[0].rows == ("b", "c") and results[0].values == (2, 3)


def test_a_column_that_is_missing_is_a_bug_and_not_bad_data() -> None:
    with pytest.raises(RuntimeError, match="width"), engine.session() as session:
        session.run({0: rule("ExpectColumnValuesToNotBeNull")}, "images", pd.DataFrame({"path": ["a"]}))
