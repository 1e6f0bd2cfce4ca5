"""The main job with its backbones trained elsewhere: the command, a real server, a worker of a pool, a Ray cluster."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from smearflow.summary import read_summary
from smearflow.workspace import Workspace
from tests.conftest import Command

SETTINGS = """
data: {source: demo, demo: {images: 120, patients: 12}}
models: [{name: compact, input_size: 33}]
train: {epochs: 1}
quality: {min_class_groups: 3}
gate: {accuracy: 1, sensitivity: 1}
"""  # nothing is promoted: MLflow has no part in this
NO_RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray isn't installed: make ray")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tmp_path_factory.mktemp("config") / "cells.yaml"
    config.write_text(SETTINGS)
    return config


@pytest.fixture(scope="module")
def here(smearflow: Command, workspace: Workspace, cells: Path) -> str:
    """The digest of the weights that a training on this machine comes to."""
    return trained(smearflow, workspace, cells, "local")


def trained(smearflow: Command, workspace: Workspace, cells: Path, workers: str) -> str:
    """Run the job, as if its backbone hadn't been trained yet; the digest of the weights that ``workers`` came to."""
    for folder in trainings(workspace):
        shutil.rmtree(folder)
    done = smearflow("run", "--config", cells, "--set", f"workers={workers}")
    assert done.returncode == 1, done.stdout + done.stderr  # nothing is good enough for this gate
    states = {stage.name: stage.state for stage in read_summary(workspace.latest / "summary.json").stages}
    assert states["train"] == "completed"
    (folder,) = trainings(workspace)
    return str(json.loads((folder / "result.json").read_text())["weights_digest"])


def trainings(workspace: Workspace) -> list[Path]:
    """The results of this job's training: nobody else's cells have that size."""
    results = workspace.root.glob("artifacts/train/[!.]*/result.json")
    return [file.parent for file in results if json.loads(file.read_text())["input_size"] == 33]


@pytest.mark.parametrize("workers", ["pool", pytest.param("ray", marks=NO_RAY)])
def test_workers_elsewhere_come_to_the_weights_of_this_machine(
    smearflow: Command, workspace: Workspace, cells: Path, here: str, workers: str, pool: None
) -> None:
    assert trained(smearflow, workspace, cells, workers) == here
