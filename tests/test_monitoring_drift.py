"""Good batches are called good as often as promised, whatever their size; bad ones are found."""

import numpy as np
import pandas as pd
import pytest

from smearflow.monitoring.drift import Check, compare, could_alarm, thinned
from smearflow.monitoring.measures import measured
from smearflow.settings import QualityCheck
from tests.drawn_patients import POSITIVE, darker, patients

HOW = QualityCheck(resamples=500)


def side(cells: pd.DataFrame) -> pd.DataFrame:
    return measured(cells, POSITIVE, 0.5).assign(patient=cells["group"])


def worst(checks: tuple[Check, ...]) -> str:
    return checks[0].verdict


def test_new_patients_of_the_same_population_are_ok():
    checks = compare(side(patients(40, seed=1)), side(patients(12, seed=2)), HOW)
    assert {check.verdict for check in checks} == {"ok"}
    assert all(check.warning[0] <= check.value <= check.warning[1] for check in checks)


def test_less_light_is_an_alarm_and_names_the_light():
    checks = compare(side(patients(40, seed=1)), side(darker(patients(12, seed=2), 0.75)), HOW)
    assert (checks[0].name, checks[0].verdict) == ("brightness", "alarm")
    assert checks[0].value < checks[0].threshold == checks[0].alarm[0] < checks[0].reference
    assert checks[0].probability <= HOW.alarm


def test_more_light_is_one_as_well():
    checks = compare(side(patients(40, seed=1)), side(darker(patients(12, seed=2), 1.25)), HOW)
    assert checks[0].verdict == "alarm" and checks[0].value > checks[0].threshold == checks[0].alarm[1]


@pytest.mark.parametrize(("size", "each"), [(5, 20), (12, 2)])
def test_good_batches_are_called_a_warning_as_rarely_as_promised(size: int, each: int):
    everyone = side(patients(100, seed=3, each=60))
    draw, called, how = np.random.default_rng(4), 0, QualityCheck(resamples=200, alarm=0.05)
    names = everyone["patient"].unique()
    for _ in range(120):
        order = draw.permutation(names)
        new = everyone[everyone["patient"].isin(order[:size])].groupby("patient").head(each)
        called += worst(compare(everyone[everyone["patient"].isin(order[size : size + 40])], new, how)) != "ok"
    assert called <= 14  # 6 are expected; more than 14 come once in a thousand times


def test_the_champion_being_right_more_often_is_no_bad_news():
    good, new = patients(40, seed=1), patients(12, seed=2)
    better = new.assign(probability=(new["label"] == POSITIVE) * 0.9 + 0.05)
    worse = new.assign(probability=(new["label"] != POSITIVE) * 0.9 + 0.05)
    found = {c.name: c for c in compare(side(good), side(better), HOW)}
    assert found["share_right"].value == 1 and found["share_right"].verdict == "ok"
    assert {c.name: c for c in compare(side(good), side(worse), HOW)}["share_right"].verdict == "alarm"


def test_a_measure_that_a_side_lacks_or_that_never_varies_is_left_out():
    new = patients(12, seed=2).assign(label=pd.NA, width=128, height=128)
    names = [c.name for c in compare(side(patients(40, seed=1).assign(width=128, height=128)), side(new), HOW)]
    assert "share_right" not in names and "size" not in names and "brightness" in names


def test_crops_of_another_size_are_an_alarm_though_neither_side_varies():
    good, new = patients(40, seed=1).assign(width=128, height=128), patients(12, seed=2).assign(width=96, height=96)
    assert {c.name: c.verdict for c in compare(side(good), side(new), HOW)}["size"] == "alarm"


def test_the_same_cells_give_the_same_checks():
    good, new = side(patients(40, seed=1)), side(patients(12, seed=2))
    assert compare(good, new, HOW) == compare(good, new, HOW)


def test_both_sides_are_thinned_to_as_many_cells_a_patient():
    many, few = side(patients(200, seed=1, each=30)), side(patients(200, seed=2, each=4))
    draw = np.random.default_rng(1)
    assert thinned(many, few, draw)["patient"].value_counts().eq(4).all()
    assert len(thinned(few, many, draw)) == len(few)


def test_a_handful_of_patients_on_both_sides_can_not_alarm():
    assert not could_alarm(5, 6, QualityCheck())  # 462 ways to draw 5 of 11
    assert could_alarm(5, 8, QualityCheck())
