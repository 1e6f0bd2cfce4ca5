"""Each image is judged by heads that never saw its patient."""

import numpy as np
import pandas as pd
import pytest

from smearflow.models.folds import FOLDS, folds_of, right_of, standard_error

GROUPS = pd.Series(np.random.default_rng(0).integers(0, 23, 600)).map("C{}".format)


def test_a_patient_is_in_one_fold_and_folds_are_of_a_size() -> None:
    folds = folds_of(GROUPS, seed=1)
    assert (pd.Series(folds).groupby(GROUPS).nunique() == 1).all()
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) < 40
    assert np.array_equal(folds, folds_of(GROUPS, seed=1))


def test_without_patients_images_are_dealt_one_by_one() -> None:
    assert np.bincount(folds_of(pd.Series([None] * 50), seed=1)).tolist() == [10] * FOLDS
    assert set(folds_of(pd.Series(["C1", "C2", "C2"]), seed=1)) == {0, 1}


def test_what_only_patients_share_does_not_help_on_others() -> None:
    names = GROUPS.str[1:].astype(int).to_numpy()
    own = np.eye(23, dtype=np.float32)[names]  # which patient it is, and nothing else
    positive = names % 2 == 0
    alone, told = folds_of(pd.Series([None] * 600), 1), folds_of(GROUPS, 1)
    assert right_of(own, positive, alone).mean() > 0.95
    assert right_of(own, positive, told).mean() < 0.8


def test_the_standard_error_is_that_of_patients() -> None:
    draw = np.random.default_rng(3)
    alike = np.repeat(draw.random(50) < 0.9, 20)  # 50 patients of 20 equal images
    by_patient, by_image = standard_error(alike, np.repeat(np.arange(50), 20)), standard_error(alike, np.arange(1000))
    assert by_patient == pytest.approx(np.sqrt(20) * by_image, rel=0.02)
    assert by_image == pytest.approx(alike.std(ddof=1) / np.sqrt(1000))
