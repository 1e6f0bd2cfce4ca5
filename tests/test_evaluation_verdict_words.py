"""The sentences of a verdict: they read aloud, name who is meant, and never print NaN."""

import math
from dataclasses import replace

import pytest
from drawn_predictions import predictions

from smearflow.evaluation import verdict_words as words
from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.rules import floor, rivalry
from smearflow.evaluation.scoring import Scores, score
from smearflow.evaluation.truths import Review
from smearflow.evaluation.verdict import GateCheck, Incumbent
from smearflow.settings import Data, Evaluation, Gate

UNKNOWN = Interval(math.nan, math.nan, math.nan)
CHAMPION = Incumbent("compact", "3", "other digest")


@pytest.fixture(scope="module")
def scores() -> Scores:
    """A model measured on 400 images of 10 patients."""
    return score("MobileNetV2", "digest", predictions(), "Parasitized", Evaluation(bootstrap=100))


def missed_floor(name: str, least: float, *figure: float) -> GateCheck:
    check = floor(name, Interval(*figure), least)
    assert check.state == "fail"
    return check


def test_reach_names_the_classes_of_the_settings(scores: Scores) -> None:
    test = {**scores.test, "sensitivity": Interval(0.951, 0.93, 0.968), "specificity": Interval(0.94, 0.921, 0.955)}
    data = Data(classes=("healthy", "sick"), positive="sick")
    assert words.reach(replace(scores, test=test), data) == (
        "MobileNetV2 finds 95.1 % (93.0 to 96.8) of sick cells and recognises 94.0 % (92.1 to 95.5) of healthy cells, "
        "on 10 unseen patients (400 images)."
    )


def test_what_could_not_be_measured_is_an_unknown_share(scores: Scores) -> None:
    told = words.reach(replace(scores, test={**scores.test, "sensitivity": UNKNOWN}), Data())
    assert told.startswith("MobileNetV2 finds an unknown share of Parasitized cells and recognises ")
    assert "nan" not in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"groups": 1}, "on 1 unseen patient (400 images; so few patients say little of the next one)."),
        ({"groups": 5}, "on 5 unseen patients (400 images)."),
        ({"known_groups": 9}, "on 400 unseen images of 10 patients, 9 of whom it was trained on."),
    ],
)
def test_it_says_on_whom(changed: dict[str, int], said: str, scores: Scores) -> None:
    assert words.reach(replace(scores, **changed), Data()).endswith(said)


def test_every_missed_floor_is_listed() -> None:
    failed = [
        missed_floor("sensitivity", 0.85, 0.8, 0.7, 0.84),
        missed_floor("accuracy", 0.85, math.nan, math.nan, math.nan),
        missed_floor("auc", 0.9, 0.7, 0.6, 0.8),
    ]
    assert words.missed(failed) == (
        "That is not good enough: sensitivity is 80.0 % (70.0 to 84.0), wholly below its floor of 85 %, "
        "accuracy could not be measured, for want of images of a class and "
        "AUC is 0.700 (0.600 to 0.800), wholly below its floor of 0.9."
    )


def test_floors_are_those_that_a_person_set() -> None:
    assert words.floors(Gate(sensitivity=0.925, specificity=0.29)) == "The floors are 92.5 % and 29 %."


@pytest.mark.parametrize(
    ("low", "high", "word"), [(-0.008, 0.004, "not worse"), (-0.02, 0.004, "perhaps worse"), (-0.02, -0.001, "worse")]
)
def test_a_comparison_gives_signed_points_and_what_is_tolerated(low: float, high: float, word: str) -> None:
    difference = {"auc": Interval(0.001, -0.002, 0.004), "balanced_accuracy": Interval(-0.002, low, high)}
    comparison = Comparison(difference, 12, 14, 0.8, 1872, 31)
    told = words.compared(CHAMPION, comparison, rivalry(comparison, 0.01), 0.01)
    assert told == (
        f"On the same test images it is {word} than the champion (compact, version 3): AUC +0.1 points (-0.2 to +0.4) "
        f"and balanced accuracy -0.2 points ({100 * low:+.1f} to {100 * high:+.1f}), where a loss of up to 1 points is "
        "tolerated; it alone is right on 12 images, the champion alone on 14."
    )


def test_images_that_both_did_not_score_are_no_comparison() -> None:
    nothing = Comparison({}, 0, 0, 1.0, 0, 0)
    assert words.compared(CHAMPION, nothing, rivalry(nothing, 0.01), 0.01) == (
        "It could not be compared with the champion (compact, version 3) on the same test images."
    )


def test_doubt_says_how_many_patients_would_end_it() -> None:
    assert "About 1 more test patient (now 31) would decide it" in words.after_doubt(CHAMPION, 1, 31)
    assert "no number of patients in reach" in words.after_doubt(CHAMPION, None, 31)


def test_what_comes_next_says_who_serves() -> None:
    assert words.after_miss(None).startswith("Nothing is registered. There is still no champion.")
    assert words.after_miss(CHAMPION).startswith("Nothing is registered. The champion (compact, version 3) stays.")
    assert words.after_defeat(CHAMPION).startswith("The champion (compact, version 3) stays.")
    assert words.succession(CHAMPION).startswith("It takes the place of compact, version 3:")
    assert "(compact, version 3): its weights are the same" in words.same(CHAMPION)


def test_it_says_by_which_labels_where_people_reviewed_them() -> None:
    assert words.by_reviewed(Review(images=400, reviewed=60, changed=15, excluded=2)) == (
        "What counts are the reviewed labels: people looked at 60 of the test set's 400 and changed 15, and took 2 "
        "cells out of it."
    )
    same = Interval(0.0, -0.001, 0.001)
    comparison = Comparison({"auc": same, "balanced_accuracy": same}, 1, 1, 1.0, 400, 10)
    told = words.compared(CHAMPION, comparison, rivalry(comparison, 0.01), 0.01, reviewed=True)
    assert told.startswith("On the same test images, by the reviewed labels, it is ")
