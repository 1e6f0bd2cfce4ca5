"""The figures of a cell that are compared, and their means by patient."""

import math

import pandas as pd
import pytest

from smearflow.monitoring.measures import BY_NAME, MEASURES, by_patient, measured
from tests.drawn_patients import NEGATIVE, POSITIVE, patients


def test_every_measure_of_every_cell_in_the_order_of_their_definition():
    cells = patients(3, seed=1, each=4)
    found = measured(cells, POSITIVE, 0.5)
    assert list(found.columns) == [measure.name for measure in MEASURES]
    assert found.notna().all(axis=None)
    assert found["red_minus_blue"].tolist() == pytest.approx((cells["red"] - cells["blue"]).tolist())


def test_what_the_champion_says_is_counted_at_its_threshold():
    cells = patients(1, seed=1, each=4).assign(probability=[0.9, 0.31, 0.29, 0.01])
    found = measured(cells.assign(label=[POSITIVE, NEGATIVE, NEGATIVE, POSITIVE]), POSITIVE, 0.3)
    assert found["share_positive"].tolist() == [1, 1, 0, 0]
    assert found["share_uncertain"].tolist() == [0, 1, 1, 0]
    assert found["share_right"].tolist() == [1, 0, 1, 0]


def test_without_a_label_or_a_probability_nothing_is_said_of_the_answer():
    cells = patients(1, seed=1, each=2).assign(label=[pd.NA, POSITIVE], probability=[0.9, math.nan])
    found = measured(cells, POSITIVE, 0.5)
    assert found["share_right"].isna().all()
    assert found["share_positive"].tolist()[0] == 1 and math.isnan(found["share_positive"].tolist()[1])


def test_a_patient_counts_once_however_many_cells_there_are():
    values = pd.DataFrame({"red": [100.0, 100.0, 100.0, 200.0, 0.0]})
    found = by_patient(values, pd.Series(["a", "a", "a", "b", None]))
    assert found["red"].to_dict() == {"a": 100, "b": 200}


def test_means_are_shown_in_their_unit_and_range():
    assert BY_NAME["sharpness"].shown(math.log(1.5)) == pytest.approx(1.5)
    assert BY_NAME["probability"].shown(-0.2) == 0
    assert BY_NAME["brightness"].words(163.72) == "163.7"
