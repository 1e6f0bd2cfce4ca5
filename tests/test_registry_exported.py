"""Who builds an export into a phone finds all that it must do beside it: for a program, and for a person."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_exports import exported, kept

from smearflow.evaluation.intervals import Interval
from smearflow.registry.exported import facts_of, readme_of, write_facts


def test_the_facts_say_what_goes_in_what_comes_out_and_how_it_decides() -> None:
    facts = facts_of(exported())
    assert facts["input"]["shape"] == [1, 96, 96, 3] and facts["input"]["range"] == [0, 255]
    assert facts["decision"] == {
        "classes": ["Parasitized", "Uninfected"],
        "positive": "Parasitized",
        "calibration": None,
        "threshold": 0.25,
        "unsure": None,
    }
    assert facts["test_set"] == {
        "run": "20261129-080000-aaaa",
        "of_the_run_that_made_it": True,
        "images": 1862,
        "groups": 31,
    }
    full, small, none = facts["formats"]
    assert (small["size"], small["lost"]["value"], small["changed"]) == (112_000, 0.0005, 3)
    assert full["accuracy"]["value"] == facts["keras"]["accuracy"]["value"]
    assert none["error"].startswith("it knows no such layer") and "accuracy" not in none


def test_what_could_not_be_measured_is_null(tmp_path: Path) -> None:
    nothing = replace(kept(0.966), auc=Interval(float("nan"), float("nan"), float("nan")))
    one = exported()
    write_facts(replace(one, kept={**one.kept, "litert-int8": nothing}), tmp_path)
    facts = json.loads((tmp_path / "exports.json").read_text())
    assert facts["formats"][1]["auc"] == {"value": None, "low": None, "high": None}


def test_the_smallest_is_looked_for_among_those_that_keep_the_accuracy() -> None:
    one = exported()
    assert one.smallest and one.smallest.name == "litert-int8"
    lossy = replace(one, kept={**one.kept, "litert-int8": kept(0.95, 0.016)})
    assert lossy.smallest and lossy.smallest.name == "litert-float32"


def test_the_readme_leads_a_person_from_the_picture_to_the_decision() -> None:
    text = readme_of(exported())
    assert "Not a medical device" in text
    assert "p = r." in text and "p >= 0.250000, else **Uninfected**." in text
    assert "| litert-int8 | 112 | 0.20 | 0.10 | 0.9655 (0.9555 to 0.9755) | 0.0005 (-0.0005 to 0.0015) |" in text
    assert "openvino-float16: it knows no such layer" in text
    elsewhere = readme_of(exported(own=False))
    assert "the split of the run that made it is gone" in elsewhere


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"calibration": {"kind": "temperature", "temperature": 1.3}}, "sigmoid(ln(r / (1 - r)) / 1.300000)"),
        ({"calibration": {"kind": "isotonic", "x": [0, 1], "y": [0, 1]}}, "straight lines between the points"),
        ({"unsure": [0.2, 0.3]}, "**unsure** where 0.2000 <= p < 0.3000"),
    ],
)
def test_the_readme_tells_calibration_and_band(changes: dict[str, object], told: str) -> None:
    serves = {**exported().serves, **changes}
    assert told in readme_of(exported(serves=serves))
