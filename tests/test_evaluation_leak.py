"""Too good to be true."""

from dataclasses import replace
from math import nan

from drawn_predictions import predictions

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.leak import leak_warning
from smearflow.evaluation.scoring import score
from smearflow.settings import Evaluation


def test_a_model_that_is_better_than_its_labels_is_doubted() -> None:
    scores = score("compact", "digest", predictions(), "Parasitized", Evaluation(bootstrap=100))
    assert leak_warning(scores, ()) is None
    doubted = replace(scores, test={"accuracy": Interval(0.98, 0.97, 0.99)})
    told = leak_warning(doubted, ("no patient is in two sets", "no copy either"))
    assert told is not None and told.startswith("compact is right on 98.0 % of the test cells")
    assert told.endswith("Checked: no patient is in two sets; no copy either.")
    assert leak_warning(replace(scores, test={"accuracy": Interval(nan, nan, nan)}), ()) is None
