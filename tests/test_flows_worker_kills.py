"""kill -9 of the worker that runs a retraining, of the server, of both: nothing is made twice (soak: 3 min)."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from smearflow.service.prefect_api import ask
from smearflow.workspace import Workspace
from tests.conftest import CHECKOUT
from tests.test_processes import eventually
from tests.test_service_live import api, clean, processes, start, state, trainers

EPOCHS = 8
TOLD = ("models=[compact]", f"train.epochs={EPOCHS}")
Told = subprocess.CompletedProcess[str]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def command(workspace: Workspace, small: Path) -> Iterator[Callable[..., Told]]:
    def run(verb: str, *more: str) -> Told:
        told = [sys.executable, "-m", "flows.cli", verb, "--workspace", str(workspace.root), *more]
        return subprocess.run(told, cwd=CHECKOUT, env=clean(), capture_output=True, text=True, timeout=300, check=False)

    yield run
    run("down")


@pytest.mark.soak
@pytest.mark.parametrize("victims", [("worker",), ("server",), ("worker", "server")], ids="+".join)
def test_no_epoch_is_made_twice_and_the_weights_are_those_of_a_run_that_nobody_killed(
    command: Callable[..., Told], workspace: Workspace, small: Path, victims: tuple[str, ...]
) -> None:
    assert command("up", "--config", str(small)).returncode == 0
    run = start(workspace, small, *TOLD)
    assert eventually(lambda: epochs_kept(workspace) >= 2, seconds=180)
    for name in victims:
        os.kill(processes(workspace)[name].pid, signal.SIGKILL)
    if "worker" in victims:
        assert eventually(lambda: not trainers(workspace), seconds=10)
        kept = epochs_kept(workspace)
    command("up", "--config", str(small))
    if "worker" in victims:
        command("up", "--config", str(small))  # the run's own process may have taken some seconds to give up
        assert state(workspace, run) == "Crashed"
        run = start(workspace, small, *TOLD)
    assert eventually(lambda: state(workspace, run) == "Promoted", seconds=240)
    made = epochs_made(workspace, run)
    assert made == list(range(kept + 1 if "worker" in victims else 1, EPOCHS + 1))
    survived = weights(workspace)
    whole = command("run", "--config", str(small), "--fresh", *(word for one in TOLD for word in ("--set", one)))
    assert whole.returncode in (0, 1), whole.stderr
    assert weights(workspace) == survived


def epochs_kept(workspace: Workspace) -> int:
    """How many epochs the checkpoint has behind it; 0 where there is none."""
    for file in workspace.checkpoints.glob("*/batch-*.npz"):
        with np.load(file) as kept:
            return len(json.loads(str(kept["rows"])))
    return 0


def epochs_made(workspace: Workspace, run: str) -> list[int]:
    """The epochs that the log of a flow run tells of, in order."""
    wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC", "limit": 200}
    said = [line["message"] for line in ask("POST", f"{api(workspace)}/logs/filter", wanted)]
    return [int(found[1]) for line in said if (found := re.search(r"compact: epoch (\d+)/\d+ .*loss ", line))]


def weights(workspace: Workspace) -> str:
    """The digest of the weights of the one training that there was."""
    (result,) = workspace.root.glob("artifacts/train/[!.]*/result.json")
    return str(json.loads(result.read_text())["weights_digest"])
