"""The gate: who is the candidate, what it must reach, and what the verdict says."""

import math
from dataclasses import replace

from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.gate import choose, decide
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.truths import Review
from smearflow.evaluation.verdict import Evidence, Incumbent, Verdict
from smearflow.settings import Data, Gate

GOOD = {
    "accuracy": Interval(0.945, 0.930, 0.957),
    "sensitivity": Interval(0.951, 0.930, 0.968),
    "specificity": Interval(0.940, 0.921, 0.955),
    "auc": Interval(0.984, 0.975, 0.990),
}
CELLS = {"tp": 880, "fn": 45, "tn": 890, "fp": 57}
MODEL = Scores(
    "MobileNetV2", "digest", 0.42, 0.985, GOOD, GOOD["accuracy"], CELLS, ((0.0, 0.0), (1.0, 1.0)), 1872, 31, 0, 0
)
EQUAL = {"auc": Interval(0.001, -0.002, 0.004), "balanced_accuracy": Interval(-0.002, -0.008, 0.004)}
SAME = Comparison(EQUAL, 20, 24, 0.65, 1872, 31)
CHAMPION = Incumbent("compact", "3", "other digest", SAME)


def verdict(
    model: Scores | None, champion: Incumbent | None = None, group: str = "pattern", **evidence: float
) -> Verdict:
    return decide(model, Evidence(**evidence), champion, Gate(), Data.model_validate({"group": group}))


def challenged(**difference: Interval) -> Verdict:
    """The verdict over MODEL against a champion from which it differs so."""
    comparison = replace(SAME, difference={**EQUAL, **difference})
    return verdict(MODEL, champion=replace(CHAMPION, comparison=comparison))


def with_figure(name: str, *figure: float) -> Scores:
    return replace(MODEL, test={**GOOD, name: Interval(*figure)})


def test_validation_chooses_though_test_would_choose_otherwise() -> None:
    rival = replace(with_figure("auc", 0.999, 0.99, 1.0), name="compact", validation_auc=0.97)
    assert choose((rival, MODEL)).name == "MobileNetV2"


def test_a_model_without_a_validation_auc_is_not_chosen() -> None:
    assert choose((replace(MODEL, name="blind", validation_auc=math.nan), MODEL)).name == "MobileNetV2"


def test_the_first_good_model_is_promoted_provisionally() -> None:
    found = verdict(MODEL)
    assert (found.outcome, found.candidate, found.provisional) == ("promote", "MobileNetV2", True)
    assert found.why == (
        "MobileNetV2 finds 95.1 % (93.0 to 96.8) of Parasitized cells and recognises 94.0 % (92.1 to 95.5) of "
        "Uninfected cells, on 31 unseen patients (1,872 images). The floors are 85 % and 80 %."
    )
    assert "provisionally" in found.next


def test_sensitivity_is_judged_first() -> None:
    assert [c.name for c in verdict(MODEL).checks] == ["sensitivity", "specificity", "accuracy", "auc"]


def test_a_floor_is_missed_only_where_the_whole_interval_lies_below_it() -> None:
    assert verdict(with_figure("sensitivity", 0.80, 0.70, 0.85)).outcome == "promote"
    found = verdict(with_figure("sensitivity", 0.80, 0.74, 0.849))
    assert found.outcome == "none" and [c.state for c in found.checks] == ["fail", "pass", "pass", "pass"]
    assert "sensitivity is 80.0 % (74.0 to 84.9), wholly below its floor of 85 %" in found.why


def test_what_was_not_measured_does_not_pass() -> None:
    found = verdict(with_figure("sensitivity", math.nan, math.nan, math.nan))
    assert found.outcome == "none" and "could not be measured" in found.why and "nan" not in found.why


def test_what_breaks_any_rule_of_its_own_is_not_good_enough() -> None:
    found = verdict(MODEL, parity=0.2)
    assert found.outcome == "none" and "loaded again, it differs by 0.2 of a probability" in found.why


def test_a_candidate_that_is_the_champion_is_kept() -> None:
    found = verdict(MODEL, champion=replace(CHAMPION, weights_digest="digest", comparison=None))
    assert found.outcome == "keep" and "is the champion itself (compact, version 3)" in found.why
    assert len(found.checks) == 4


def test_a_candidate_that_is_surely_not_inferior_takes_the_champions_place() -> None:
    found = verdict(MODEL, champion=CHAMPION)
    assert found.outcome == "promote" and not found.provisional and not found.undecided
    assert "not worse than the champion (compact, version 3)" in found.why
    assert "balanced accuracy -0.2 points (-0.8 to +0.4)" in found.why
    assert "it alone is right on 20 images, the champion alone on 24" in found.why


def test_too_few_patients_keep_the_champion_and_it_says_how_many_would_decide() -> None:
    found = challenged(balanced_accuracy=Interval(0.001, -0.02, 0.022))
    assert found.outcome == "keep" and found.undecided and "perhaps worse" in found.why
    assert found.more_patients == 82  # (0.021 / 0.011) squared times 31, less the 31 that there are
    assert "Not enough evidence" in found.next and "About 82 more test patients (now 31)" in found.next


def test_the_mean_does_not_decide() -> None:
    assert challenged(balanced_accuracy=Interval(0.02, -0.011, 0.05)).outcome == "keep"


def test_a_certain_loss_keeps_the_champion_however_small() -> None:
    found = challenged(auc=Interval(-0.003, -0.004, -0.001))
    assert found.outcome == "keep" and "is worse than the champion" in found.why and not found.undecided
    assert [c.name for c in found.checks if c.state == "fail"] == ["auc against champion"]


def test_a_champion_that_cannot_be_compared_stays() -> None:
    comparison = replace(SAME, difference={})
    found = verdict(MODEL, champion=replace(CHAMPION, comparison=comparison))
    assert found.outcome == "keep" and "could not be compared" in found.why


def test_below_the_floors_the_champion_is_not_even_asked() -> None:
    found = verdict(with_figure("auc", 0.7, 0.6, 0.8), champion=CHAMPION)
    assert found.outcome == "none" and "The champion (compact, version 3) stays." in found.next
    assert "AUC is 0.700 (0.600 to 0.800), wholly below its floor of 0.9" in found.why


def test_no_model_at_all_is_a_verdict_too() -> None:
    found = verdict(None)
    assert (found.outcome, found.candidate, found.checks) == ("none", None, ())


def test_few_patients_are_said_and_images_that_stand_for_themselves_are_no_patients() -> None:
    assert "so few patients say little of the next one" in verdict(replace(MODEL, groups=3)).why
    alone = verdict(replace(MODEL, groups=1872), group="image").why
    assert "on 1,872 unseen images" in alone and "patient" not in alone


def test_where_test_labels_were_reviewed_the_verdict_is_by_theirs_and_says_so() -> None:
    evidence = Evidence(review=Review(images=1872, reviewed=200, changed=83, excluded=0))
    found = decide(MODEL, evidence, CHAMPION, Gate(), Data())
    assert (
        "What counts are the reviewed labels: people looked at 200 of the test set's 1,872 and changed 83." in found.why
    )
    assert "On the same test images, by the reviewed labels, it is not worse than the champion" in found.why
    nobody = Evidence(review=Review(images=1872, reviewed=0, changed=0, excluded=0))
    assert decide(MODEL, nobody, CHAMPION, Gate(), Data()).why == challenged().why
