"""Which labels to doubt, and how far to trust each: the most contradicted ones first, and no class for being rare."""

import numpy as np
import pandas as pd
import pytest

from smearflow.data.labels import MOST, contradiction, suspects, trust


def test_a_logit_speaks_against_the_other_label() -> None:
    assert contradiction(np.array([2.0, 2.0, -1.0]), np.array([True, False, True])).tolist() == [-2.0, 2.0, 1.0]


def test_the_most_contradicted_ones_are_doubted() -> None:
    against, labels = np.linspace(-1, 3, 100), pd.Series(["a", "b"] * 50)
    assert np.flatnonzero(suspects(against, labels, 0.05)).tolist() == [95, 96, 97, 98, 99]


def test_a_label_that_nobody_contradicts_is_kept() -> None:
    against = np.full(100, -1.0)
    against[7] = 0.5
    assert np.flatnonzero(suspects(against, pd.Series(["a"] * 100), 0.1)).tolist() == [7]


def test_a_rare_class_loses_no_more_than_its_due() -> None:
    labels = pd.Series(["rare"] * 40 + ["common"] * 960)
    against = np.where(labels == "rare", 9.0, 1.0)
    doubted = suspects(against, labels, 0.05)
    assert doubted.sum() == 50
    assert doubted[labels == "rare"].sum() == MOST * 0.05 * 40


def test_a_label_weighs_as_far_as_it_is_trusted_and_one_on_average() -> None:
    weights = trust(np.array([-np.inf, 0.0, np.log(3), 800.0]))  # right for sure, by half, by a quarter, not at all
    assert weights.mean() == pytest.approx(1)
    assert (weights / weights[0]).tolist() == pytest.approx([1, 0.5, 0.25, 0])
