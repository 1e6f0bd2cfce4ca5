"""The rules of the gate, each both ways: what holds, and what is kept out."""

import math

import numpy as np
import pytest
from drawn_predictions import predictions

from smearflow.evaluation import rules
from smearflow.evaluation.comparison import Comparison, compare
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import score
from smearflow.evaluation.verdict import Evidence
from smearflow.settings import Evaluation, Gate

QUICK = Evaluation(bootstrap=200)


def scores_of(skill: float):
    return score("compact", "d", predictions(skill=skill), "Parasitized", QUICK)


def states(evidence: Evidence, **gate: object) -> dict[str, str]:
    found = rules.rules_of_its_own(scores_of(3.0), evidence, Gate.model_validate(gate))
    return {check.name: check.state for check in found}


def test_a_good_model_holds_to_every_floor_and_random_weights_to_hardly_any() -> None:
    good = rules.rules_of_its_own(scores_of(3.0), Evidence(), Gate())
    assert {check.state for check in good} == {"pass"}
    by_chance = rules.rules_of_its_own(scores_of(0.0), Evidence(), Gate())
    assert {c.name for c in by_chance if c.state == "fail"} >= {"specificity", "accuracy", "auc"}


@pytest.mark.parametrize(("low", "state"), [(0.01, "pass"), (-0.01, "fail")])
def test_statistics_that_never_see_a_picture_must_surely_be_beaten(low: float, state: str) -> None:
    lead = Interval(0.03, low, 0.07)
    assert states(Evidence(lead=lead))["lead over statistics"] == state
    assert "lead over statistics" not in states(Evidence(lead=lead), shortcut=None)


def test_one_slice_that_lies_surely_far_below_is_enough() -> None:
    fine = {
        "accuracy on small cells": Interval(-0.05, -0.09, -0.01),
        "accuracy on patient C1": Interval(-0.3, -0.5, -0.1),
    }
    assert states(Evidence(gaps=fine))["worst slice"] == "pass"  # C1 has so few cells that it may be chance
    bad = {**fine, "sensitivity on blurred cells": Interval(-0.35, -0.4, -0.3)}
    (check,) = [
        c for c in rules.rules_of_its_own(scores_of(3.0), Evidence(gaps=bad), Gate()) if c.name == "worst slice"
    ]
    assert (
        check.state == "fail"
        and check.says.startswith("sensitivity on blurred cells")
        and "-35.0 points (-40.0 to -30.0)" in check.says
    )


def test_probabilities_must_mean_what_they_say() -> None:
    assert rules.calibrated_enough(Interval(0.03, 0.02, 0.05), 0.1).state == "pass"
    assert rules.calibrated_enough(Interval(0.2, 0.15, 0.25), 0.1).state == "fail"


@pytest.mark.parametrize(("rule", "found"), [("size_mb", "size"), ("latency_ms", "latency")])
def test_budgets_are_judged_where_they_are_set(rule: str, found: str) -> None:
    spent = Evidence(size_mb=2.0, latency_ms=2.0)
    assert found not in states(spent)
    assert states(spent, **{rule: 3.0})[found] == "pass"
    assert states(spent, **{rule: 1.0})[found] == "fail"


def test_the_reloaded_model_must_be_the_measured_one() -> None:
    assert states(Evidence(parity=1e-6))["parity"] == "pass"
    assert states(Evidence(parity=0.01))["parity"] == "fail"
    assert rules.repeats_itself(math.nan, 1e-3).state == "fail"


def test_a_challenger_is_judged_on_the_bound_and_not_on_the_mean() -> None:
    def against(*difference: float) -> list[str]:
        both = {"auc": Interval(0.0, 0.0, 0.0), "balanced_accuracy": Interval(*difference)}
        return [check.state for check in rules.rivalry(Comparison(both, 1, 1, 1.0, 100, 10), 0.01)]

    assert against(-0.002, -0.008, 0.004) == ["pass", "pass"]
    assert against(0.02, -0.02, 0.06) == ["pass", "open"]  # better on average, and too little known
    assert against(-0.02, -0.03, -0.01) == ["pass", "fail"]


def test_as_many_more_patients_as_it_says_would_have_decided() -> None:
    champion = predictions(images=1200, patients=30, skill=1.5)
    noise = np.random.default_rng(3).normal(0, 0.5, len(champion))
    logit = np.log(champion["probability"] / (1 - champion["probability"])) + noise
    found = compare(
        champion.assign(probability=1 / (1 + np.exp(-logit))), champion, (0.5, 0.5), "Parasitized", resamples=500
    )
    assert {check.state for check in rules.rivalry(found, 0.005)} & {"open"}
    more = rules.more_patients(found, 0.005)
    assert more is not None and more > 0
    widest = found.difference["balanced_accuracy"]
    assert rules.more_patients(found, 1.0) is None  # nothing is open
    assert widest.low < -0.005 <= widest.high
