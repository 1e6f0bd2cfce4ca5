"""`smearflow validate`: a folder held against the contract, and a run that stops on it."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from smearflow.summary import read_summary


@pytest.fixture(scope="module")
def cells(smearflow, tmp_path_factory):
    """160 drawn cells of 12 patients, in class folders."""
    folder = tmp_path_factory.mktemp("cells") / "cells"
    smearflow("demo", folder, "--images", 160, "--set", "data.demo.patients=12")
    return folder


LENIENT = ("--set", "quality={min_class_groups: 3, warn_class_groups: 3}")


def test_good_data_pass_with_status_0(smearflow, cells):
    done = smearflow("validate", cells, *LENIENT)
    assert done.returncode == 0, done.stderr
    assert "160 of 12 groups" in done.stdout


def test_the_summary_can_be_printed(smearflow, cells):
    done = smearflow("validate", cells, "--json", *LENIENT)
    found = json.loads(done.stdout)
    assert (found["command"], found["status"]) == ("validate", "completed")
    assert found["validation"] == {"passed": True, "critical_failed": [], "warnings": []}
    assert found["split"] is None and found["models"] == []


def test_a_starved_class_stops_a_run_with_expectation_observed_and_bound(smearflow, cells, tmp_path, workspace):
    shutil.copytree(cells, tmp_path / "cells")
    for file in sorted((tmp_path / "cells" / "Parasitized").iterdir())[10:]:
        file.unlink()
    done = smearflow("run", "--data", tmp_path / "cells", "--set", "models=[compact]", *LENIENT)
    assert done.returncode == 1
    assert "Parasitized 10" in done.stderr and "50" in done.stderr and "Traceback" not in done.stderr
    summary = read_summary(workspace.latest / "summary.json")
    assert summary.status == "failed" and summary.verdict.outcome == "failed"
    assert not summary.validation.passed and summary.validation.critical_failed
    assert summary.dataset.classes["Parasitized"] == 10
    assert summary.split is None
    assert summary.paths.report.exists() and summary.paths.data_docs.exists()


def test_an_unlabelled_folder_can_be_validated_but_not_trained_on(smearflow, cells, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in (cells / "Uninfected").glob("*.png"):
        shutil.copy(file, flat)
    assert smearflow("validate", flat).returncode == 0
    refused = smearflow("run", "--data", flat, "--set", "models=[compact]")
    assert refused.returncode == 1 and "label" in refused.stderr


def test_names_that_tell_no_patient_name_the_ways_out(smearflow, tmp_path):
    draw = np.random.default_rng(1)
    for label in ("Parasitized", "Uninfected"):
        (tmp_path / label).mkdir()
        for number in range(3):
            Image.fromarray(draw.integers(0, 255, (90, 90, 3), np.uint8)).save(tmp_path / label / f"cell {number}.png")
    done = smearflow("validate", tmp_path)
    assert done.returncode == 2
    assert "data.group=image" in done.stderr and "cell 0.png" in done.stderr


def test_a_run_with_no_backbone_left_is_refused_before_any_work(smearflow, cells, workspace):
    done = smearflow("run", "--data", cells, "--set", "models=[VGG16]", "--set", "weights=/nowhere/vgg16.h5")
    assert done.returncode == 2
    assert "VGG16" in done.stderr and "weights: random" in done.stderr
    assert read_summary(workspace.latest / "summary.json").stages == ()
