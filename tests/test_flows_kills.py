"""kill -9 of a trainer, of the flow, of the server: the same command again ends at the weights of a run that nobody
killed, and no epoch is made twice (70 s). The long test does so at 21 moments of a whole run.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smearflow.service.prefect_server import ensure_server, server_status, stop_server
from smearflow.summary import read_summary
from smearflow.workspace import Workspace
from tests.conftest import CHECKOUT

EPOCHS = 5
SETTINGS = f"""
data: {{source: demo, demo: {{images: 240, patients: 12}}}}
models: [compact]
train: {{epochs: {EPOCHS}}}
quality: {{min_class_groups: 3}}
gate: {{accuracy: 1, sensitivity: 1}}
"""  # nothing is promoted: MLflow has no part in this
UNTOUCHED = {"scan", "deduplicate", "validate", "split", "augment"}


@dataclass
class Job:
    """The main job on a few drawn cells, in a workspace with a server of its own."""

    workspace: Workspace
    config: Path
    digest: str = ""
    seconds: float = 0.0

    def start(self) -> "Running":
        command = [
            sys.executable,
            "-m",
            "flows.cli",
            "run",
            "--config",
            self.config,
            "--workspace",
            self.workspace.root,
        ]
        told = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
        told |= {"PREFECT_CLIENT_RETRY_JITTER_FACTOR": "0"}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return Running(subprocess.Popen([str(part) for part in command], cwd=CHECKOUT, env=told, **output))  # type: ignore[call-overload]

    def forget_training(self) -> None:
        """As if nothing had been trained yet, while the data are known."""
        for name in ("train", "evaluate"):
            shutil.rmtree(self.workspace.root / "artifacts" / name, ignore_errors=True)

    def weights(self) -> str:
        (result,) = (self.workspace.root / "artifacts" / "train").glob("[!.]*/result.json")
        digest: str = json.loads(result.read_text())["weights_digest"]
        return digest

    def states(self) -> dict[str, str]:
        return {stage.name: stage.state for stage in read_summary(self.workspace.latest / "summary.json").stages}

    def trainer(self) -> int | None:
        """The process number of the trainer that is at work."""
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes().decode().split("\0")
            except OSError:
                continue
            if "smearflow.models.trainer" in words and any(str(self.workspace.root) in word for word in words):
                return int(process.parent.name)
        return None


@dataclass
class Running:
    """The command under way, and the lines that it has said."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def epochs(self) -> list[int]:
        """The epochs that were reached, in order."""
        words = [line.split("compact: epoch ")[1] for line in list(self.lines) if "compact: epoch " in line]
        return [int(said.split("/")[0]) for said in words if " loss " in said]

    def until_epoch(self, number: int) -> None:
        until = time.monotonic() + 200
        while number not in self.epochs():
            assert self.process.poll() is None and time.monotonic() < until, "".join(self.lines)
            time.sleep(0.01)

    def ended(self) -> int:
        status = self.process.wait(timeout=300)
        self._reader.join()
        return status


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """The job, run once to its end by nobody disturbed."""
    folder = tmp_path_factory.mktemp("kills")
    (folder / "tiny.yaml").write_text(SETTINGS)
    job = Job(Workspace.at(folder / "workspace"), folder / "tiny.yaml")
    try:
        start = time.monotonic()
        whole = job.start()
        assert whole.ended() == 1, "".join(whole.lines)  # nothing is good enough for this gate
        job.seconds = time.monotonic() - start
        job.digest = job.weights()
        yield job
    finally:
        stop_server(job.workspace)


def moment(seed: int) -> tuple[int, float]:
    """After which epoch the kill comes, and how many seconds later."""
    draw = random.Random(seed)
    return draw.randrange(1, EPOCHS), draw.uniform(0, 0.15)


def assert_as_if_nothing_had_been(job: Job, *runs: Running) -> None:
    """The same weights, every epoch made once, the stages before it not at all, and no checkpoint left."""
    assert job.weights() == job.digest
    made = [number for run in runs for number in run.epochs()]
    assert made == sorted(set(made))
    assert EPOCHS - len(made) <= len(runs)  # one may have been kept that nobody was told of any more
    states = job.states()
    assert {name for name, state in states.items() if state == "cached"} >= UNTOUCHED
    assert states["train"] == "completed"
    assert list(job.workspace.checkpoints.iterdir()) == []


@pytest.mark.parametrize("seed", [1])
def test_a_killed_trainer_is_started_again_and_goes_on(job: Job, seed: int) -> None:
    job.forget_training()
    (epoch, later), running = moment(seed), job.start()
    running.until_epoch(epoch)
    time.sleep(later)
    if pid := job.trainer():
        os.kill(pid, signal.SIGKILL)
    assert running.ended() == 1
    assert_as_if_nothing_had_been(job, running)


@pytest.mark.parametrize("seed", [2])
def test_after_a_killed_flow_the_same_command_goes_on(job: Job, seed: int) -> None:
    job.forget_training()
    (epoch, later), running = moment(seed), job.start()
    running.until_epoch(epoch)
    time.sleep(later)
    running.process.kill()
    assert running.ended() == -signal.SIGKILL
    again = job.start()
    assert again.ended() == 1
    assert_as_if_nothing_had_been(job, running, again)


@pytest.mark.parametrize("seed", [3])
def test_a_killed_server_that_is_started_again_costs_nothing(job: Job, seed: int) -> None:
    job.forget_training()
    (epoch, later), running = moment(seed), job.start()
    running.until_epoch(epoch)
    time.sleep(later)
    os.kill(int(server_status(job.workspace).pid or 0), signal.SIGKILL)
    ensure_server(job.workspace)  # as `up --stay` does, and as the same command would
    assert running.ended() == 1, "".join(running.lines)
    assert_as_if_nothing_had_been(job, running)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(21))
def test_whatever_is_killed_and_whenever_the_same_command_ends_at_the_same_weights(job: Job, seed: int) -> None:
    draw = random.Random(f"soak {seed}")
    job.forget_training()
    victim, running = ("trainer", "flow", "server")[seed % 3], job.start()
    time.sleep(draw.uniform(0, 0.9 * job.seconds))
    pids = {"trainer": job.trainer(), "flow": running.process.pid, "server": server_status(job.workspace).pid}
    if pid := pids[victim]:
        os.kill(pid, signal.SIGKILL)
    if victim == "server":
        ensure_server(job.workspace)
    running.ended()
    again = job.start()
    assert again.ended() == 1, "".join(again.lines)
    assert job.weights() == job.digest
    made = [number for run in (running, again) for number in run.epochs()]
    assert made == sorted(set(made))
    assert list(job.workspace.checkpoints.iterdir()) == []
