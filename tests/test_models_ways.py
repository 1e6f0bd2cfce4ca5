"""Ways to learn in spite of wrong labels, compared on patients that the networks never saw. A real process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from trained_cells import CLASSES, spec_of, split_of_cells

from smearflow.models.fitted import Labelled
from smearflow.models.spec import ComparedWays, WaysSpec
from smearflow.models.ways import by_way, counting, judged_ways

PATIENTS = np.repeat([f"C{n}" for n in range(20)], 10)


SHORT = """
import sys

from smearflow.models import halves, ways

halves.PASSES = halves.LEAST_STEPS = 1
ways.WAYS = ("none", "reweight")
sys.exit(ways.main(sys.argv[1:]))
"""


def test_each_way_is_asked_about_patients_that_its_networks_never_saw(tmp_path: Path) -> None:
    """Two ways, one pass each: whether labels are learnt is seen at full length only."""
    table = split_of_cells(tmp_path / "cells", images=40)
    rows = pd.read_parquet(table).drop(columns="split")
    positive, right = rows["label"] == CLASSES[0], np.arange(40) > 3
    judged = rows.assign(probability=np.where(positive == right, 0.9, 0.1), decided=False, doubted=~right, weight=1.0)
    judged.to_parquet(tmp_path / "doubts.parquet")
    out = tmp_path / "out"
    out.mkdir()
    spec = WaysSpec(network=spec_of(table, out, name="compact"), judged=tmp_path / "doubts.parquet", out=out)
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    command = [sys.executable, "-c", SHORT, str(tmp_path / "spec.json")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found = ComparedWays.model_validate_json((out / "result.json").read_text())
    assert [each.way for each in found.ways] == ["none", "reweight"]
    assert (found.images, found.judged) == (36, 40)  # those that are contradicted don't count
    assert sum(each.chosen for each in found.ways) == 1
    assert [line.split(", about")[0] for line in said if line.startswith("ways")] == [
        "ways 1/4 none",
        "ways 2/4 reweight",
        "ways 3/4 none",
        "ways 4/4 reweight",
    ]


def test_what_people_decided_counts_also_where_models_contradict_it() -> None:
    judged = pd.DataFrame({"probability": [0.9, 0.1, 0.1], "decided": [False, False, True]})
    assert counting(judged, np.array([True, True, True])).tolist() == [True, False, True]


def test_ways_that_choose_images_teach_fewer_or_weigh_them() -> None:
    images = Labelled(np.arange(3), np.array([True, False, True]))
    rows = pd.DataFrame({"doubted": [False, True, False], "weight": [1.2, 0.1, 1.7]})
    assert by_way("drop_suspects", images, rows).inputs.tolist() == [0, 2]
    weight = by_way("reweight", images, rows).weight
    assert weight is not None and weight.tolist() == [1.2, 0.1, 1.7]
    assert by_way("smoothing", images, rows) is images


def called(wrong: int) -> np.ndarray:
    """200 images of 20 patients, of which every patient's first so many are called wrong."""
    return np.tile(np.arange(10), 20) >= wrong


def test_the_best_of_those_that_are_surely_better_is_chosen() -> None:
    ways = judged_ways({"none": called(3), "smoothing": called(2), "reweight": called(1)}, PATIENTS)
    assert [each.chosen for each in ways] == [False, False, True]
    assert (round(ways[2].accuracy, 3), round(ways[2].gain, 3)) == (0.9, 0.2)


def test_what_one_patient_gains_is_chance() -> None:
    once = called(3) | (PATIENTS == "C7")
    ways = judged_ways({"none": called(3), "reweight": once}, PATIENTS)
    assert ways[0].chosen and ways[1].low < 0 < ways[1].gain
