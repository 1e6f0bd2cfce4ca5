"""Backbones on Ray: a real cluster of this machine, real trainers on small cells. Skipped where Ray isn't installed."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.images import Row
from smearflow.data.scanning import Piece, Processes
from smearflow.data.splitting import parts_of
from smearflow.errors import MissingPart, TrainingError
from smearflow.models import ray_workers
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.jobs import LOCAL, Job
from smearflow.models.leases import Crowd, our_cores
from smearflow.models.plans import Plan
from smearflow.models.ray_workers import RayWorkers, places, share
from smearflow.settings import Augment, Data, Model, Quality, Train
from smearflow.workspace import Workspace, is_whole
from tests.test_processes import CHECKOUT, eventually
from tests.trained_cells import CLASSES, SIDE, split_of_cells

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray isn't installed: make ray")
FROZEN = Model(name="MobileNetV2", input_size=SIDE, weights="random", cut="block_3_expand_relu", epochs=2)
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


def test_as_many_shares_as_there_are_places_for_a_backbone() -> None:
    assert places(nodes({"CPU": 2}), 1, 0) == 2
    assert places(nodes({"CPU": 16, "GPU": 2}, {"CPU": 16}), 4, 1) == 2
    assert places(nodes({"CPU": 16}, {"CPU": 8}), 8, 0) == 3


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


@needs_ray
def test_features_computed_in_shares_end_at_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_workers, "SHARE", 20)
    heard: list[str] = []
    job = job_of(tmp_path, FROZEN)
    with RayWorkers(job.workspace) as workers:
        model = workers.train(job, heard.append)
    shares = [line for line in heard if line.startswith("share ")]
    if len(our_cores()) > 1:
        assert "features in 2 shares" in heard and len(shares) == 2
        assert model.train_seconds > model.seconds.features > 1  # theirs are counted
    (cache,) = job.workspace.features.glob("*/f32")
    assert len(FeatureCache(cache)) == 60
    alone = job_of(tmp_path / "alone", FROZEN)
    assert LOCAL.train(alone, heard.append).weights_digest == model.weights_digest


@needs_ray
def test_a_scan_in_pieces_measures_what_this_machine_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, value in (("FEW", 0), ("PIECE", 25)):
        monkeypatch.setattr(ray_workers, setting, value)
    root = split_of_cells(tmp_path / "cells", images=60).parent
    (root / CLASSES[0] / "C1_cut_off.png").write_bytes(b"no picture")
    paths = sorted(str(path.relative_to(root)) for path in root.rglob("*.png"))
    with RayWorkers(Workspace.at(tmp_path / "workspace")) as workers:
        pieces = list(workers.measure(root, paths, Quality()))
    assert sorted(len(piece) for piece, _ in pieces) == [11, 25, 25]
    assert by_path(pieces) == by_path(Processes(1).measure(root, paths, Quality()))


def by_path(pieces: Iterable[Piece]) -> dict[str, Row]:
    return {path: row for piece, rows in pieces for path, row in zip(piece, rows, strict=True)}


@needs_ray
def test_an_image_that_kills_its_ray_worker_costs_that_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_workers, "FEW", 0)
    monkeypatch.setattr(ray_workers, "measure_piece", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    root = split_of_cells(tmp_path / "cells", images=6).parent
    paths = sorted(str(path.relative_to(root)) for path in root.rglob("*.png"))
    with RayWorkers(Workspace.at(tmp_path / "workspace")) as workers:
        ((piece, rows),) = workers.measure(root, paths, Quality())
    assert piece == paths and not any(row.get("error") for row in rows)  # measured here, where nothing kills


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
