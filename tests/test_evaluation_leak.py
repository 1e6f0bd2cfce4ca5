"""Too good to be true."""

from dataclasses import replace
from math import nan

from drawn_predictions import predictions

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.leak import leak_warning
from smearflow.evaluation.scoring import score
from smearflow.evaluation.truths import Review
from smearflow.settings import Evaluation


def test_a_model_that_is_better_than_its_labels_is_doubted() -> None:
    scores = score("compact", "digest", predictions(), "Parasitized", Evaluation(bootstrap=100))
    assert leak_warning(scores, ()) is None
    doubted = replace(scores, test={"accuracy": Interval(0.98, 0.97, 0.99)})
    told = leak_warning(doubted, ("no patient is in two sets", "no copy either"))
    assert told is not None and told.startswith("compact is right on 98.0 % of the test cells")
    assert told.endswith("Checked: no patient is in two sets; no copy either.")
    assert leak_warning(replace(scores, test={"accuracy": Interval(nan, nan, nan)}), ()) is None


def test_where_test_labels_were_reviewed_the_given_ones_decide() -> None:
    scores = score("compact", "digest", predictions(), "Parasitized", Evaluation(bootstrap=100))
    reviewed = replace(
        scores, test={"accuracy": Interval(0.99, 0.98, 1.0)}, given={"accuracy": Interval(0.957, 0.94, 0.97)}
    )
    review = Review(images=400, reviewed=60, changed=15, excluded=0)
    assert leak_warning(reviewed, (), review) is None
    doubted = replace(reviewed, given={"accuracy": Interval(0.985, 0.97, 0.99)})
    told = leak_warning(doubted, ("no copy is",), review)
    assert told is not None and "98.5 % of the test cells, by the labels as given (99.0 % by the reviewed ones" in told
    assert "people looked at 60 of 400 and changed 15" in told


def test_labels_that_people_found_right_may_be_agreed_with() -> None:
    scores = score("compact", "digest", predictions(), "Parasitized", Evaluation(bootstrap=100))
    reviewed = replace(
        scores, test={"accuracy": Interval(0.995, 0.98, 1.0)}, given={"accuracy": Interval(0.985, 0.97, 0.99)}
    )
    assert leak_warning(reviewed, (), Review(images=400, reviewed=400, changed=4, excluded=0)) is None
    told = leak_warning(reviewed, ("none",), Review(images=400, reviewed=400, changed=20, excluded=0))
    assert told is not None and "must have met them" in told
