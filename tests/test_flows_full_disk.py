"""A disk that fills up under a run, or is read-only: status 2, path and room, and the next run is whole (60 s)."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smearflow.service.prefect_server import Server
from smearflow.summary import read_summary
from tests.conftest import CHECKOUT
from tests.small_disk import fill, make_read_only, small_disk
from tests.test_processes import eventually

CELLS = ("data.demo.images=120", "data.demo.patients=12", "models=[compact]", "train.epochs=1")
GATE = "gate={sensitivity: 0, specificity: 0, accuracy: 0, auc: 0, shortcut: null, slice: 1, calibration: 1}"
EASY = ("quality.min_class_groups=3", GATE)


def run(workspace: Path, server: Server) -> subprocess.CompletedProcess[str]:
    """The main job on a few drawn cells, on a server whose database lies elsewhere."""
    chosen = [part for key in (*CELLS, *EASY) for part in ("--set", key)]
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace), *chosen],
        cwd=CHECKOUT,
        env={**os.environ, "PREFECT_API_URL": server.api_url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.soak
def test_a_disk_that_fills_up_while_it_trains_ends_the_run_and_the_next_one_is_whole(
    tmp_path: Path, server: Server
) -> None:
    with small_disk(tmp_path / "disk", 140) as disk:
        workspace, filler = disk / "workspace", disk / "filler"

        def fill_up() -> None:
            """Once the trainer is at work."""
            if eventually(lambda: any((workspace / "artifacts").glob("train/.*/spec.json")), 200):
                fill(disk, leaving=16384)

        filling = threading.Thread(target=fill_up)
        filling.start()
        done = run(workspace, server)
        filling.join()
        assert done.returncode == 2, done.stderr
        assert "the disk is full: 0." in done.stderr and "are needed" in done.stderr
        assert str(workspace) in done.stderr and "Traceback" not in done.stderr
        assert [path for path in (workspace / "artifacts" / "train").rglob("*") if path.is_file()] == []
        filler.unlink()
        again = run(workspace, server)
        assert again.returncode == 0, again.stderr
        states = {stage.name: stage.state for stage in read_summary(workspace / "latest" / "summary.json").stages}
        assert states["scan"] == "cached" and states["train"] == "completed"


def test_too_little_room_or_none_is_said_before_any_work(tmp_path: Path, server: Server) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        done = run(disk / "workspace", server)
        assert done.returncode == 2
        assert "the disk is full: 8.0 MiB are free, 100.0 MiB are needed" in done.stderr
        make_read_only(disk)
        done = run(disk / "workspace", server)
        assert done.returncode == 2
        assert f"{disk / 'workspace'} can't be the workspace: it can't be written to." in done.stderr
