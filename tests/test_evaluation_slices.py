"""Slices: where a model does worse than on the whole, said with an interval, or not said at all."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from smearflow.evaluation.slices import Slice, in_words, slices, worst

POSITIVE = "Parasitized"


def cells(patients: int = 20, each: int = 60, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A test set of which 95 % are right, and its manifest. C1 is the patient that the model is bad at."""
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(1, patients + 1), each)
    infected, right = draw.random(len(group)) < 0.5, draw.random(len(group)) < np.where(group == 1, 0.6, 0.95)
    path = [f"C{g}P1_cell_{n}.png" for n, g in enumerate(group)]
    label = np.where(infected, POSITIVE, "Uninfected")
    test = pd.DataFrame({"path": path, "label": label, "group": [f"C{g}" for g in group]})
    test["probability"] = np.where(infected == right, 0.9, 0.1)
    manifest = pd.DataFrame({"path": path, "width": draw.integers(60, 160, len(group))})
    for column in ("red", "green", "blue", "brightness", "sharpness"):
        manifest[column] = draw.normal({"red": 180, "blue": 160}.get(column, 150), 10, len(group))
    return test, manifest.assign(height=manifest["width"]).astype({"width": "Int64", "red": "Float64"})


def by_name(test: pd.DataFrame, manifest: pd.DataFrame, fewest: int = 30) -> dict[str, Slice]:
    return {s.name: s for s in slices(test, manifest, POSITIVE, 0.5, 1000, fewest)}


def test_the_patient_that_the_model_is_bad_at_is_named_first_and_in_words() -> None:
    test, manifest = cells()
    first = worst(slices(test, manifest, POSITIVE, 0.5, 1000, 30))[0]
    assert (first.name, first.group, first.images, first.groups) == ("patient C1", "C1", 60, 1)
    assert first.surely_below
    told = in_words(first, "patient 7")
    assert told.startswith("Cells of patient 7: ") and "where" in told
    assert "chance" not in told


def test_a_patients_interval_is_that_of_its_own_cells() -> None:
    test, manifest = cells()
    found = by_name(test, manifest)["patient C1"]
    mine = test[test["group"] == "C1"]
    right = int(((mine["label"] == POSITIVE) == (mine["probability"] >= 0.5)).sum())
    assert found.accuracy is not None and found.gap is not None
    assert found.accuracy.value == pytest.approx(right / 60)
    low, high = stats.binom(60, right / 60).ppf([0.025, 0.975]) / 60
    assert (found.accuracy.low, found.accuracy.high) == pytest.approx((low, high), abs=0.02)


def test_what_lies_low_by_chance_is_not_surely_below() -> None:
    for seed in range(8):
        test, manifest = cells(seed=seed)
        test = test[test["group"] != "C1"]
        found = slices(test, manifest, POSITIVE, 0.5, 1000, 30)
        assert not any(s.surely_below for s in found)
        assert all("; it may be chance" in in_words(s, s.name) for s in worst(found))


def test_a_slice_with_too_few_images_has_no_figure() -> None:
    test, manifest = cells()
    test = test.drop(index=test.index[:40])
    small = by_name(test, manifest)["patient C1"]
    assert (small.images, small.accuracy, small.gap, small.at_most) == (20, None, None, None)
    assert in_words(small, "patient 1") == "Cells of patient 1: too few to say (20)."
    assert all(s.name != "patient C1" for s in worst(tuple(by_name(test, manifest).values())))


def test_the_parts_of_each_measure_are_the_whole_test_set() -> None:
    test, manifest = cells()
    found = slices(test, manifest, POSITIVE, 0.5, 100, 30)
    for kind in ("patient", "size", "brightness", "hue", "sharpness"):
        assert sum(s.images for s in found if s.kind == kind) == len(test)
    assert [s.kind for s in found].count("size") == 4
    assert [s.name for s in found][:20] == [f"patient C{n}" for n in range(1, 21)]


def test_dark_cells_that_are_called_wrong_are_found_whoever_they_are_from() -> None:
    test, manifest = cells()
    dark = (manifest["brightness"] < manifest["brightness"].quantile(0.25)).to_numpy()
    wrong = dark & (np.random.default_rng(1).random(len(test)) < 0.3) & (test["group"] != "C1").to_numpy()
    test.loc[wrong, "probability"] = 1 - test.loc[wrong, "probability"]
    named = worst(slices(test, manifest, POSITIVE, 0.5, 1000, 30))
    assert any("(darkest)" in s.name and s.groups == 20 and s.surely_below for s in named)


def test_what_is_hard_about_all_patients_cancels_out_of_the_gap() -> None:
    test, manifest = cells()
    bad = test["group"].isin([f"C{n}" for n in range(1, 8)]).to_numpy() & (np.arange(len(test)) % 3 > 0)
    test.loc[bad, "probability"] = np.where(test.loc[bad, "label"] == POSITIVE, 0.1, 0.9)
    part = next(s for s in slices(test, manifest, POSITIVE, 0.5, 1000, 30) if s.kind == "size")
    assert part.accuracy is not None and part.gap is not None
    assert part.gap.high - part.gap.low < 0.5 * (part.accuracy.high - part.accuracy.low)


def test_missed_infections_are_found_where_healthy_cells_hide_them() -> None:
    test, manifest = cells()
    blurred = (manifest["sharpness"] < manifest["sharpness"].quantile(0.25)).to_numpy()
    few = blurred & (test["label"] == POSITIVE).to_numpy() & (np.arange(len(test)) % 10 > 0)
    test.loc[few, ["label", "probability"]] = "Uninfected", 0.1  # hardly any infected cell is blurred
    infected = blurred & (test["label"] == POSITIVE).to_numpy()
    test.loc[infected, "probability"] = np.where(np.arange(infected.sum()) % 3, 0.1, 0.9)  # two of three are missed
    found = slices(test, manifest, POSITIVE, 0.5, 1000, 30)
    part = next(s for s in found if "most blurred" in s.name)
    assert part.gap is not None and abs(part.gap.value) < 0.01 and part.positives == infected.sum()
    assert part.lowest == "sensitivity" and part.surely_below and part in worst(found)
    told = in_words(part, "the blurred")
    assert told.startswith("Cells of the blurred: 3")
    assert f" of {part.positives} infected ones found, of all 9" in told


def test_a_patient_without_a_mistake_is_not_surely_better() -> None:
    test, manifest = cells(each=30)
    mine = (test["group"] == "C2").to_numpy()
    test.loc[mine, "probability"] = np.where(test.loc[mine, "label"] == POSITIVE, 0.9, 0.1)
    gap = by_name(test, manifest)["patient C2"].gap
    assert gap is not None and gap.value > 0 > gap.low


def test_a_patient_without_an_infected_cell_has_no_sensitivity() -> None:
    test, manifest = cells()
    found = by_name(test.assign(label="Uninfected"), manifest)["patient C1"]
    assert found.sensitivity is not None and np.isnan(found.sensitivity.value)
    assert found.sensitivity_gap is None and found.lowest == "accuracy"


def test_two_patients_give_intervals_with_a_width_and_nothing_fails() -> None:
    test, manifest = cells(patients=2, each=100)
    found = slices(test, manifest, POSITIVE, 0.5, 1000, 30)
    assert all(s.gap is None or s.gap.low < s.gap.high for s in found)
    empty = slices(test.assign(probability=np.nan), manifest, POSITIVE, 0.5, 100, 30)
    assert empty == ()


def test_the_whole_test_set_of_the_public_data_is_sliced_in_seconds() -> None:
    test, manifest = cells(patients=106, each=52)
    start = time.monotonic()
    found = slices(test, manifest, POSITIVE, 0.5, 1000, 30)
    assert time.monotonic() - start < 5
    assert found == slices(test, manifest, POSITIVE, 0.5, 1000, 30)
