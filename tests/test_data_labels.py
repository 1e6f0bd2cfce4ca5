"""Which labels to doubt: a share of all, the most contradicted ones first, and no class for being rare."""

import numpy as np
import pandas as pd

from smearflow.data.labels import MOST, contradiction, suspects


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
