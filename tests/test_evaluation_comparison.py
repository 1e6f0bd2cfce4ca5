"""Two models on the same images: paired differences, and McNemar's count of who alone is right."""

import math

import numpy as np
import pytest
from drawn_predictions import predictions

from smearflow.evaluation.comparison import COMPARED, compare, mcnemar
from smearflow.evaluation.scoring import score
from smearflow.settings import Evaluation


def test_a_model_does_not_differ_from_itself() -> None:
    table = predictions()
    found = compare(table, table, (0.5, 0.5), "Parasitized", 200)
    assert set(found.difference) == set(COMPARED)
    assert all(each.value == each.low == each.high == 0 for each in found.difference.values())
    assert (found.only_candidate, found.only_other, found.chance, found.images, found.groups) == (0, 0, 1.0, 400, 10)


def test_pairing_sees_a_small_loss_that_separate_intervals_do_not() -> None:
    champion = predictions(skill=1.5)
    noise = np.random.default_rng(9).normal(0, 0.8, len(champion))
    logit = np.log(champion["probability"] / (1 - champion["probability"])) + noise
    candidate = champion.assign(probability=1 / (1 + np.exp(-logit)))
    apart = [score("m", "d", t, "Parasitized", Evaluation(bootstrap=200)).test["auc"] for t in (candidate, champion)]
    assert apart[0].high > apart[1].low  # the intervals overlap
    assert compare(candidate, champion, (0.5, 0.5), "Parasitized", 500).difference["auc"].high < 0


def test_only_images_that_both_scored_are_compared() -> None:
    table = predictions()
    champion = table.loc[table["split"] == "test", ["sha256", "probability"]].iloc[5:].sample(frac=1, random_state=0)
    found = compare(table, champion, (0.5, 0.5), "Parasitized", 100)
    assert found.difference["auc"].value == 0 and found.images == 395
    none = compare(table, champion.assign(probability=np.nan), (0.5, 0.5), "Parasitized", 100)
    assert none.images == 0 and all(math.isnan(each.value) for each in none.difference.values())


def test_who_alone_is_right_is_counted() -> None:
    champion = predictions()
    test = champion.index[champion["split"] == "test"]
    candidate = champion.copy()
    candidate.loc[test[:40], "probability"] = 1 - champion.loc[test[:40], "probability"]
    found = compare(candidate, champion, (0.5, 0.5), "Parasitized", 100)
    assert found.only_candidate + found.only_other == 40 and found.only_candidate < found.only_other


def test_mcnemars_probability_is_the_exact_binomial_one() -> None:
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0
    assert mcnemar(0, 6) == mcnemar(6, 0) == pytest.approx(2 * 0.5**6)


def test_a_champion_of_before_a_review_is_held_against_the_reviewed_labels_too() -> None:
    old = predictions(skill=3.0)
    test = old.index[old["split"] == "test"]
    other = {"Parasitized": "Uninfected", "Uninfected": "Parasitized"}
    reviewed = old.copy()
    reviewed.loc[test[:30], "label"] = old.loc[test[:30], "label"].map(other)
    candidate = reviewed.copy()  # it says what the reviewers say of these cells, the champion what was given
    candidate.loc[test[:30], "probability"] = 1 - old.loc[test[:30], "probability"]
    champion = old[["sha256", "label", "probability"]]  # its table may have the labels of then
    found = compare(candidate, champion, (0.5, 0.5), "Parasitized", 100)
    right = ((old.loc[test[:30], "probability"] >= 0.5) == (old.loc[test[:30], "label"] == "Parasitized")).sum()
    assert (found.only_candidate, found.only_other) == (right, 30 - right)
    by_given = compare(candidate.assign(label=old["label"]), champion, (0.5, 0.5), "Parasitized", 100)
    assert found.difference["accuracy"].value == -by_given.difference["accuracy"].value > 0
