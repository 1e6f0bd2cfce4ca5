"""What the slices are: patients by name, and parts of what was measured."""

import numpy as np
import pandas as pd
import pytest
from test_evaluation_slices import cells

from smearflow.evaluation.slice_parts import Part, hue, parts_of


def parts(rows: pd.DataFrame, fewest: int = 30) -> list[Part]:
    codes, names = pd.factorize(rows["group"])
    return parts_of(rows, codes, list(names), fewest)


@pytest.fixture
def rows() -> pd.DataFrame:
    test, manifest = cells()
    return test.merge(manifest, on="path")


def test_patients_come_by_name_and_then_quarters_of_each_measure(rows: pd.DataFrame) -> None:
    found = parts(rows.sample(frac=1, random_state=0))
    assert [part.name for part in found][:20] == [f"patient C{n}" for n in range(1, 21)]
    for kind in ("size", "brightness", "hue", "sharpness"):
        mine = [part.inside for part in found if part.kind == kind]
        assert len(mine) == 4 and np.sum(mine, axis=0).tolist() == [1] * len(rows)
    assert found[20].name.startswith("longer side ") and found[20].name.endswith(" px (smallest)")


def test_a_small_test_set_is_cut_into_thirds(rows: pd.DataFrame) -> None:
    assert [part.kind for part in parts(rows.head(100))].count("size") == 3


def test_stain_is_an_angle_and_red_has_neighbours_on_both_sides(rows: pd.DataFrame) -> None:
    red, green, blue = np.array([[200.0, 200.0], [100.0, 110.0], [110.0, 100.0]])
    assert hue(red, green, blue) == pytest.approx([-5.2, 5.2], abs=0.5)
    assert np.isnan(hue(*(np.array([90.0]),) * 3)).all()
    names = [part.name for part in parts(rows) if part.kind == "hue"]
    assert len(names) == 4 and all("°" in name for name in names)


def test_images_that_stand_for_themselves_are_no_parts(rows: pd.DataFrame) -> None:
    for group in (rows["path"], "C1"):
        assert all(part.kind != "patient" for part in parts(rows.assign(group=group)))


def test_a_measure_that_all_have_alike_or_nobody_has_cuts_nothing(rows: pd.DataFrame) -> None:
    alike = rows.assign(width=128, height=128, brightness=np.nan, sharpness=[1.0, *[2.0] * (len(rows) - 1)])
    kinds = [part.kind for part in parts(alike)]
    assert {"size", "brightness"}.isdisjoint(kinds) and kinds.count("sharpness") in (0, 2)
