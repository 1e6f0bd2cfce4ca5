"""`smearflow validate`: a folder held against the contract, and a run that stops on it."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from served_files import Served, serving

from smearflow.summary import read_summary
from smearflow.workspace import file_digest


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
    rows = [line for line in done.stdout.splitlines() if line.startswith("holds")]
    assert len(rows) == 24 and "files: there are images" in rows[0] and rows[0].endswith(" 160")


def test_the_summary_can_be_printed(smearflow, cells):
    done = smearflow("validate", cells, "--json", *LENIENT)
    found = json.loads(done.stdout)
    assert (found["command"], found["status"]) == ("validate", "completed")
    assert found["validation"].items() >= {"passed": True, "critical_failed": [], "warnings": []}.items()
    assert {line["suite"] for line in found["validation"]["checks"]} == {"files", "images", "classes", "groups"}
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


def test_an_unlabelled_folder_can_be_validated_but_not_trained_on(smearflow, cells, tmp_path, workspace):
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in (cells / "Uninfected").glob("*.png"):
        shutil.copy(file, flat)
    assert smearflow("validate", flat).returncode == 0
    (flat / "C1_cut.png").write_bytes(b"")
    broken = smearflow("validate", flat, "--set", "quality.max_quarantined=0.001")
    assert broken.returncode == 1 and "data docs" in broken.stdout
    assert read_summary(workspace.latest / "summary.json").paths.report.exists(), "without labels too"
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


@pytest.fixture(scope="module")
def nested(cells, tmp_path_factory):
    """The cells with junk, a broken one, and the whole tree a second time in itself; and the zip of that."""
    folder = tmp_path_factory.mktemp("nested") / "cells"
    shutil.copytree(cells, folder)
    (folder / "Uninfected" / "Thumbs.db").write_bytes(b"thumbs")
    (folder / "Uninfected" / "C1_broken.png").write_bytes(b"no image")
    shutil.copytree(folder, folder.parent / "second")
    shutil.move(folder.parent / "second", folder / "cell_images")
    archive = shutil.make_archive(str(folder.parent / "cells"), "zip", folder.parent, "cells")
    return folder, Path(archive)


@pytest.fixture(scope="module")
def counts_of_nested(smearflow, nested):
    """What validation finds in the folder."""
    return dataset(smearflow("validate", nested[0], "--json", *LENIENT))


def dataset(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["dataset"]


def test_a_tree_that_lies_in_itself_again_is_counted_once_and_every_file_accounted_for(nested, counts_of_nested):
    found = counts_of_nested
    assert (found["images"], found["quarantined"], found["nested"]) == (160, 1, 161)
    files = [f for f in nested[0].rglob("*") if f.is_file()]
    assert found["images"] + found["quarantined"] + found["review"] + found["ignored"] == len(files)


def test_a_zip_gives_the_counts_of_its_folder(smearflow, nested, counts_of_nested):
    assert dataset(smearflow("validate", nested[1], "--json", *LENIENT)) == counts_of_nested


def test_an_address_that_breaks_off_once_gives_the_counts_of_the_folder(smearflow, nested, counts_of_nested):
    with serving(Served(nested[1].read_bytes(), breaks=[100_000])) as served:
        digest = ("--set", f"data.sha256={file_digest(nested[1])}")
        done = smearflow("validate", served.address, "--json", *digest, *LENIENT)
    assert dataset(done) == counts_of_nested
    assert served.asked == [("GET", None), ("GET", "bytes=100000-")]
    assert "broke off at byte 100,000" in done.stderr


def test_a_zip_that_would_write_elsewhere_is_refused_with_status_2(smearflow, tmp_path):
    with ZipFile(tmp_path / "evil.zip", "w") as made:
        made.writestr("../evil.png", b"")
    done = smearflow("validate", tmp_path / "evil.zip")
    assert done.returncode == 2
    assert "'../evil.png' (outside the target)" in done.stderr and "Traceback" not in done.stderr
