"""Both truths: the same predictions by the labels as given and as people reviewed them."""

import pandas as pd
import pytest
from drawn_predictions import predictions

from smearflow.data.manifest import as_manifest
from smearflow.evaluation.scoring import scored
from smearflow.evaluation.truths import Review, against_given, review_of, with_truths

OTHER = {"Parasitized": "Uninfected", "Uninfected": "Parasitized"}


def manifest_of(table: pd.DataFrame, sources: dict[str, str]) -> pd.DataFrame:
    """A manifest of ``table``, in which people said of cells, by path, what ``sources`` has."""
    source = table["path"].map(lambda path: sources.get(path, "given"))
    given = table["label"].mask(source == "relabelled", table["label"].map(OTHER)).mask(source == "labelled")
    reason = pd.Series(None, index=table.index, dtype="object").mask(source == "excluded", "excluded")
    return as_manifest(table.assign(label_given=given, label_source=source, reason=reason))


@pytest.fixture
def table() -> pd.DataFrame:
    return predictions(skill=2.0)


def test_labels_that_were_changed_count_for_one_truth_and_against_the_other(table: pd.DataFrame) -> None:
    test = scored(table, "test")
    right = (test["probability"] >= 0.5) == (test["label"] == "Parasitized")
    found = test.loc[right, "path"].head(20)  # the model is right about them, and the given labels weren't
    both = with_truths(test, manifest_of(table, dict.fromkeys(found, "relabelled")))
    given = against_given(both, "Parasitized", 0.5, 100)["accuracy"]
    assert given.value == pytest.approx(right.mean() - 20 / len(test))
    assert given.low < given.value < given.high


def test_a_cell_that_came_without_a_label_is_in_one_truth_alone(table: pd.DataFrame) -> None:
    test = scored(table, "test")
    both = with_truths(test, manifest_of(table, dict.fromkeys(test["path"].head(390), "labelled")))
    assert both["label_given"].notna().sum() == 10
    assert against_given(both, "Parasitized", 0.5, 100)["accuracy"].value in {n / 10 for n in range(11)}


def test_where_nobody_looked_there_is_one_truth(table: pd.DataFrame) -> None:
    both = with_truths(scored(table, "test"), manifest_of(table, {}))
    assert against_given(both, "Parasitized", 0.5, 100) == {}


def test_what_people_said_of_the_test_set_is_counted(table: pd.DataFrame) -> None:
    test = table.index[table["split"] == "test"]
    words = ["kept", "relabelled", "unsure", "disputed", "labelled", "excluded"]
    sources = dict(zip(table["path"][test[: len(words)]], words, strict=True))
    sources |= dict.fromkeys(table.loc[table["split"] == "train", "path"].head(3), "excluded")
    manifest = manifest_of(table, sources)
    divided = table[~table["path"].isin(manifest.loc[manifest["reason"].notna(), "path"])]
    assert review_of(divided, manifest) == Review(images=399, reviewed=5, changed=2, excluded=1)
