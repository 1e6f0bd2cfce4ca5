"""The most confident mistakes."""

import pandas as pd

from smearflow.evaluation.mistakes import confident_mistakes

TEST = pd.DataFrame(
    {
        "path": ["a", "b", "c", "d", "e"],
        "label": ["Parasitized", "Parasitized", "Uninfected", "Uninfected", "Uninfected"],
        "probability": [0.02, 0.9, 0.95, 0.35, None],
    }
)


def test_the_surest_come_first_and_each_says_how_it_is_wrong() -> None:
    found = confident_mistakes(TEST, "Parasitized", 0.3, count=10)
    assert list(found["path"]) == ["a", "c", "d"]
    assert list(found["kind"]) == ["missed", "false_alarm", "false_alarm"]
    assert list(found["confidence"]) == [0.98, 0.95, 0.35]


def test_no_more_than_asked_for() -> None:
    assert list(confident_mistakes(TEST, "Parasitized", 0.3, count=1)["path"]) == ["a"]


def test_a_model_without_mistakes_has_an_empty_table() -> None:
    found = confident_mistakes(TEST.iloc[[1]], "Parasitized", 0.5, count=10)
    assert found.empty and {"kind", "confidence"} <= set(found.columns)
