"""Workers of a Ray cluster: a Ray task a backbone, around the same trainer process as everywhere.

The cluster is one of this machine that lives as long as the run, on loopback and with its files in the workspace,
unless RAY_ADDRESS names another.
"""

import contextlib
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smearflow.errors import MissingPart, TrainingError
from smearflow.models.child import PARENT
from smearflow.models.jobs import Hear, Job, train_on, with_weights_here
from smearflow.models.leases import count_gpus, our_cores
from smearflow.models.spec import Trained
from smearflow.models.training import CHECKOUT, end
from smearflow.provenance import code_digest, lock_digest
from smearflow.service.services import last_words
from smearflow.workspace import Workspace, lives

QUIET = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}  # it would write into the home folder, and report
ADDRESS = "RAY_ADDRESS"  # environment: a cluster that is there already
ENDED = "ended with its run"


class RayWorkers:
    """Starts a cluster, or joins one, while it is entered. Nothing of what it started outlives this process."""

    digest = "workers"

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._head: Head | None = None

    def __enter__(self) -> "RayWorkers":
        os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
        _require_ray()
        if ADDRESS not in os.environ:
            self._head = Head(self.workspace)
        try:
            _join(self._head.address if self._head else os.environ[ADDRESS])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        ray.shutdown()  # its tasks end with us, their trainers with them
        if self._head:
            self._head.close()

    def train(self, job: Job, on_line: Hear) -> Trained:
        """Have ``job`` done where there is a GPU, or a share of the cores. Raises what it ended with there."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        cores, gpus = share(ray.nodes(), job.crowd.backbones)
        work: Any = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=0, num_returns="streaming")(train_told)
        try:
            for reference in work.remote(job, cores, version()):
                told = ray.get(reference)
                if isinstance(told, Trained):
                    return told
                on_line(told)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise TrainingError(f"{job.plan.label}: its Ray worker is gone: {type(error).__name__}") from None
        raise TrainingError(f"{job.plan.label}: {ENDED}", permanent=True)


class Head:
    """A Ray cluster of this machine, in a process group that ends with ours.

    Ray's own agents outlived a driver that was killed: so the group is ended as a whole.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.folder = _own_folder(workspace)
        log = self.folder / "head.log"
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smearflow.models.ray_head", str(len(our_cores())), str(count_gpus())],
                cwd=self.folder,
                env={**os.environ, PARENT: str(os.getpid()), "PYTHONPATH": str(CHECKOUT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            said = last_words(log)
            self.close()
            raise MissingPart(f"Ray didn't come up:\n{said}", "Mend what it says, or set workers=local.")

    def close(self) -> None:
        """End the cluster, and remove its files."""
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def train_told(job: Job, cores: int, expected: str) -> Iterator[str | Trained]:
    """In a Ray worker: train, and yield each line of the trainer as it comes, then the result."""
    if version() != expected:
        raise MissingPart(
            f"{job.plan.label}: this Ray worker's checkout isn't the one that the retraining runs.",
            "Bring all machines to the same version, with the same requirements.lock.",
        )
    plan = with_weights_here(job.plan)
    job = Job(**{**vars(job), "plan": plan})
    lines: queue.Queue[str | Trained | BaseException] = queue.Queue()

    def work() -> None:
        try:
            lines.put(train_on(job, lines.put, (), cores))  # which cores are free only Ray could say, and it doesn't
        except BaseException as error:  # raised below, where Ray sees it
            lines.put(error)

    threading.Thread(target=work, daemon=True).start()
    while not isinstance(told := lines.get(), Trained):
        if isinstance(told, BaseException):
            raise told
        yield told
    yield told


def share(nodes: list[dict[str, Any]], backbones: int) -> tuple[int, int]:
    """CPU cores and GPUs of one backbone: an even share of the largest machine's cores; a GPU where there are any."""
    living = [node["Resources"] for node in nodes if node["Alive"]]
    largest = int(max((node.get("CPU", 1) for node in living), default=1))
    beside = math.ceil(backbones / max(1, len(living)))
    return max(1, largest // beside), int(any(node.get("GPU", 0) >= 1 for node in living))


def version() -> str:
    """What code trains here."""
    return code_digest("smearflow.models.trainer") + lock_digest()


def _require_ray() -> None:
    try:
        import ray  # noqa: F401
    except ImportError:
        raise MissingPart("workers=ray needs Ray, which isn't installed.", "make ray") from None


def _join(address: str) -> None:
    """Connect as a driver. Ray takes SIGTERM over as it does so, which is what cancels a flow: it is given back."""
    import ray

    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False, namespace="smearflow")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise MissingPart(f"There is no Ray cluster at {address}: {error}", f"Unset {ADDRESS} for one here.") from None
    finally:
        with contextlib.suppress(ValueError):  # only the main thread has signals
            signal.signal(signal.SIGTERM, before)


def _own_folder(workspace: Workspace) -> Path:
    """A new folder for the cluster's files; those of processes that are gone go."""
    home = workspace.root / "ray"
    home.mkdir(exist_ok=True)
    for left in home.iterdir():
        if not left.name.isdigit() or int(left.name) == os.getpid() or not lives(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    folder = home / str(os.getpid())
    folder.mkdir()
    return folder
