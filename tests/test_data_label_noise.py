"""The share of wrong labels follows from how often opinions agree that know nothing of each other."""

import math

import numpy as np
import pandas as pd
import pytest

from smearflow.data.label_noise import share_wrong

IMAGES = 6000
NOBODY = pd.Series([], dtype="string")


def opinions(errors: tuple[float, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Votes and labels of so many raters, the label last, who err independently; and 60 patients."""
    draw = np.random.default_rng(seed)
    truth = draw.random(IMAGES) < 0.5
    said = np.column_stack([truth ^ (draw.random(IMAGES) < error) for error in errors])
    return said[:, :-1], said[:, -1], pd.Series([f"C{n % 60}" for n in range(IMAGES)])


@pytest.mark.parametrize("wrong", [0.01, 0.05, 0.15])
def test_two_judges_who_err_more_than_the_labels_tell_how_many_of_these_are_wrong(wrong: float) -> None:
    share = share_wrong(*opinions((0.08, 0.12, wrong)))
    assert share.value == pytest.approx(wrong, abs=0.01)
    assert share.low < share.value < share.high


def test_one_judge_says_what_it_contradicts() -> None:
    votes, given, groups = opinions((0.1, 0.05))
    assert share_wrong(votes, given, groups).value == pytest.approx(np.mean(votes[:, 0] != given))


def test_of_no_images_nothing_is_known() -> None:
    assert math.isnan(share_wrong(np.empty((0, 2), bool), np.empty(0, bool), NOBODY).value)
