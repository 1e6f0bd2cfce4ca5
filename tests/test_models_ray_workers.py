"""Backbones on Ray: a real cluster of this machine, real trainers on small cells. Skipped where Ray isn't installed."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.splitting import parts_of
from smearflow.errors import MissingPart, TrainingError
from smearflow.models.jobs import LOCAL, Job
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan
from smearflow.models.ray_workers import RayWorkers, share
from smearflow.settings import Augment, Data, Model, Train
from smearflow.workspace import Workspace, is_whole
from tests.test_processes import CHECKOUT, eventually
from tests.trained_cells import SIDE, split_of_cells

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray isn't installed: make ray")
COMPACT = Model(name="compact", input_size=SIDE, weights="random", epochs=1)
UNKNOWN = Model(name="MobileNetV9", input_size=SIDE, weights="random")  # its trainer finds out before it imports Keras


def job_of(folder: Path, model: Model, name: str = "result", epochs: int | None = None) -> Job:
    """A training of ``model`` on 60 drawn cells, in a workspace below ``folder``."""
    table = split_of_cells(folder / "cells", images=60)
    workspace = Workspace.at(folder / "workspace")
    plan = Plan(model.name, model.model_copy(update={"epochs": epochs or model.epochs}), None, None)
    parts = parts_of(pd.read_parquet(table), table, table.parent)
    target = workspace.artifact("train", name)
    return Job(target, plan, parts, Data(), Augment(), Train(time_limit=200), workspace, Crowd(2))


def nodes(*resources: dict[str, float]) -> list[dict[str, object]]:
    return [{"Alive": True, "Resources": r} for r in resources]


def test_a_backbone_gets_its_share_of_the_cores_and_a_gpu_where_there_are_any() -> None:
    assert share(nodes({"CPU": 2}), 2) == (1, 0)
    assert share(nodes({"CPU": 16, "GPU": 2}), 4) == (4, 1)
    assert share(nodes({"CPU": 16}, {"CPU": 16}), 4) == (8, 0)  # two a machine
    assert share(nodes({"CPU": 2}), 8) == (1, 0)


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_the_extra_the_way_to_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="workers=ray needs Ray") as refused, RayWorkers(Workspace.at(tmp_path)):
        pass
    assert refused.value.fix == "make ray"


@needs_ray
def test_a_ray_task_trains_as_a_process_here_does_and_leaves_nothing_elsewhere(tmp_path: Path) -> None:
    heard: list[str] = []
    job, unknown = job_of(tmp_path, COMPACT), job_of(tmp_path, UNKNOWN, "unknown")
    with RayWorkers(job.workspace) as workers:
        model = workers.train(job, heard.append)
        with pytest.raises(TrainingError, match="did you mean 'MobileNetV2'") as refused:
            workers.train(unknown, heard.append)
    assert not refused.value.retryable
    assert is_whole(job.folder) and model.folder == job.folder
    assert any(line.startswith("epoch 1/1") for line in heard)
    assert eventually(lambda: not ray_processes())
    assert list((job.workspace.root / "ray").iterdir()) == []
    here = LOCAL.train(job_of(tmp_path, COMPACT, "here"), heard.append)
    assert here.weights_digest == model.weights_digest


FLOW = """
import sys
from pathlib import Path
from tests.test_models_ray_workers import COMPACT, job_of
from smearflow.models.ray_workers import RayWorkers
job = job_of(Path(sys.argv[1]), COMPACT, epochs=900)
with RayWorkers(job.workspace) as workers:
    workers.train(job, lambda line: print(line, flush=True))
"""


@needs_ray
def test_killed_with_9_nothing_of_ray_and_no_trainer_goes_on(tmp_path: Path) -> None:
    told = [sys.executable, "-c", FLOW, str(tmp_path)]
    with subprocess.Popen(told, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as flow:
        assert flow.stdout is not None
        assert any(line.startswith("epoch 1/") for line in flow.stdout)
        assert trainers(tmp_path)
        os.kill(flow.pid, signal.SIGKILL)
    asked = time.monotonic()
    assert eventually(lambda: not trainers(tmp_path) and not ray_processes(), seconds=30)
    print(f"nothing left {time.monotonic() - asked:.1f} s after kill -9")


def ray_processes() -> list[str]:
    """What Ray's servers, agents and workers say of themselves, the living ones."""
    told = subprocess.run(["ps", "-A", "-ww", "-o", "stat=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if ("ray::" in line or "raylet/" in line) and line[0] != "Z"]


def trainers(folder: Path) -> list[str]:
    told = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if "models.trainer" in line and str(folder) in line]
