"""Each outcome is told by word, colour and shape."""

from typing import get_args

from smearflow.report.headlines import DATA_SOUND, HEADLINES, headline_of
from smearflow.summary import Outcome, Summary, Verdict


def test_every_outcome_has_a_word_a_colour_and_a_shape_of_its_own() -> None:
    assert set(HEADLINES) == set(get_args(Outcome))
    for part in ("word", "tone", "sign"):
        assert len({getattr(h, part) for h in HEADLINES.values()}) == len(HEADLINES)


def test_a_finished_validation_is_not_called_a_run_without_a_model() -> None:
    verdict = Verdict(outcome="none", why="", next="")
    assert headline_of(Summary(run_id="r", command="validate", status="completed", verdict=verdict)) == DATA_SOUND
    assert headline_of(Summary(run_id="r", command="run", status="completed", verdict=verdict)) == HEADLINES["none"]
