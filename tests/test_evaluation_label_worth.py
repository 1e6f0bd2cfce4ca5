"""What labels are worth: the share that is wrong, by models and by people, and the ceiling that follows."""

import pandas as pd
import pytest

from smearflow.data.manifest import as_manifest
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.label_worth import judged_labels, suspects_unseen, worth

SCORED = Interval(0.1, 0.08, 0.14)


def cells(*rows: tuple[str, str, str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and manifest of cells: given label, label, label_source, how likely the label is wrong."""
    table = pd.DataFrame(rows, columns=["label_given", "label", "label_source", "wrong"])
    table["sha256"] = pd.Series([f"{n:064x}" for n in range(len(table))], dtype="string")
    manifest = as_manifest(table.assign(path=[f"1/{n}.png" for n in range(len(table))]))
    return table[["sha256", "label", "wrong"]].assign(path=[f"{n}.png" for n in range(len(table))]), manifest


def test_without_people_the_models_say_how_many_are_wrong() -> None:
    table = judged_labels(*cells(*[("a", "a", "given", 0.2)] * 50, *[("b", "b", "given", 0.0)] * 50))
    found = worth(table, SCORED)
    assert found is not None and found.by == "scores"
    assert found.wrong == found.left
    assert (found.wrong.value, found.wrong.low, found.wrong.high) == pytest.approx((0.1, 0.08, 0.14))
    assert (found.ceiling.value, found.ceiling.low, found.ceiling.high) == pytest.approx((0.9, 0.86, 0.92))
    assert found.classes == pytest.approx({"a": 0.2, "b": 0.0})


def test_what_people_settled_is_known_and_the_rest_is_estimated() -> None:
    rows = [("a", "b", "relabelled", 0.0)] * 4 + [("a", "a", "kept", 0.9)] * 6
    rows += [("a", "a", "given", 0.1)] * 80 + [("a", "a", "disputed", 0.2)] * 10
    found = worth(judged_labels(*cells(*rows)), SCORED)
    assert found is not None
    assert found.left.value == pytest.approx(0.1)
    assert found.wrong.value == pytest.approx(0.14) and found.classes == pytest.approx({"a": 0.14})


def test_random_cells_need_no_model() -> None:
    rows = [("a", "b", "relabelled", 0.0)] * 4 + [("a", "a", "given", 0.5)] * 96
    found = worth(judged_labels(*cells(*rows)), SCORED, random=Interval(0.06, 0.03, 0.11))
    assert found is not None and found.by == "random"
    assert found.wrong == Interval(0.06, 0.03, 0.11)
    assert (found.left.value, found.left.low, found.left.high) == pytest.approx((0.02, 0.0, 0.07))


def test_scores_are_brought_to_cells_by_content_and_only_to_those_that_are_used() -> None:
    scores, manifest = cells(("a", "a", "given", 0.9), ("a", "a", "given", 0.8), ("b", "b", "unsure", 0.7))
    manifest.loc[1, "reason"] = "excluded"
    table = judged_labels(scores, manifest)
    assert table["path"].tolist() == ["1/0.png", "1/2.png"]
    assert suspects_unseen(table, manifest["path"]) == 1  # people have looked at the other


def test_of_no_labels_nothing_is_said() -> None:
    assert worth(judged_labels(*cells()), SCORED) is None
