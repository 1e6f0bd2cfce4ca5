"""What is said of one model, and of two on the same images."""

import math

import numpy as np
import pandas as pd
import pytest
from drawn_predictions import predictions
from sklearn import metrics as reference

from smearflow.evaluation.scoring import Scores, compare, score
from smearflow.settings import Evaluation

QUICK = Evaluation(bootstrap=200)


def scores_of(table: pd.DataFrame, **changed: pd.Series) -> Scores:
    return score("compact", "d1", table.assign(**changed), "Parasitized", QUICK)


def test_the_figures_are_those_of_the_test_set_alone() -> None:
    table = predictions()
    found = scores_of(table)
    test = table[table["split"] == "test"]
    truth = test["label"] == "Parasitized"
    called = test["probability"] >= found.threshold
    assert found.test["accuracy"].value == pytest.approx(reference.accuracy_score(truth, called))
    assert found.test["auc"].value == pytest.approx(reference.roc_auc_score(truth, test["probability"]))
    assert all(f.low < f.value < f.high for f in found.test.values())
    assert sum(found.confusion.values()) == found.images == 400 and found.groups == 10


def test_the_test_set_has_no_say_in_the_threshold() -> None:
    table = predictions()
    turned = table["probability"].where(table["split"] != "test", 1 - table["probability"])
    found = scores_of(table, probability=turned)
    assert found.threshold == scores_of(table).threshold
    assert found.validation_auc == scores_of(table).validation_auc and found.test["auc"].value < 0.5


def test_images_without_a_probability_are_left_out_and_counted() -> None:
    table = predictions()
    lost = table.index[table["split"] == "test"][:7]
    table.loc[lost, "probability"] = np.nan
    found = scores_of(table)
    assert found.unscored == 7 and found.images == 393


def test_a_test_set_of_one_class_leaves_the_rest_unmeasured() -> None:
    table = predictions()
    table.loc[table["split"] == "test", "label"] = "Uninfected"
    found = scores_of(table)
    assert math.isnan(found.test["sensitivity"].value) and math.isnan(found.test["auc"].value)
    assert found.roc == () and found.test["specificity"].low > 0
    assert '"auc": {\n   "value": null' in found.to_json()


def test_a_model_without_an_error_is_not_called_certain() -> None:
    table = predictions()
    found = scores_of(table, probability=(table["label"] == "Parasitized").astype(float))
    assert all(f.value == f.high == 1 and 0.95 < f.low < 1 for f in found.test.values())


def test_a_model_does_not_differ_from_itself() -> None:
    table = predictions()
    for difference in compare(table, table, (0.5, 0.5), "Parasitized", 200).values():
        assert difference.value == difference.low == difference.high == 0


def test_pairing_sees_a_small_loss_that_separate_intervals_do_not() -> None:
    champion = predictions(skill=1.5)
    noise = np.random.default_rng(9).normal(0, 0.8, len(champion))
    logit = np.log(champion["probability"] / (1 - champion["probability"])) + noise
    candidate = champion.assign(probability=1 / (1 + np.exp(-logit)))
    apart = [scores_of(t).test["auc"] for t in (candidate, champion)]
    assert apart[0].high > apart[1].low  # the intervals overlap
    assert compare(candidate, champion, (0.5, 0.5), "Parasitized", 500)["auc"].high < 0


def test_only_images_that_both_scored_are_compared() -> None:
    table = predictions()
    champion = table.loc[table["split"] == "test", ["sha256", "probability"]].iloc[5:].sample(frac=1, random_state=0)
    assert compare(table, champion, (0.5, 0.5), "Parasitized", 100)["auc"].value == 0
    none = compare(table, champion.assign(probability=np.nan), (0.5, 0.5), "Parasitized", 100)
    assert all(math.isnan(d.value) for d in none.values())
