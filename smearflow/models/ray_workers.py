"""Workers of a Ray cluster: a Ray task a backbone, a share of its features, or a piece of the scan.

Around the same processes as everywhere. The cluster is one of this machine that lives as long as the run, on loopback
and with its files in the workspace, unless RAY_ADDRESS names another.
"""

import contextlib
import importlib.util
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from smearflow.data.images import Row
from smearflow.data.scanning import FEW, WAITING, Chunk, Piece, measure_all, measure_chunk, one_at_a_time
from smearflow.errors import MissingPart, SmearflowError, TrainingError
from smearflow.models.child import PARENT, timed
from smearflow.models.feature_shard import ShardSpec, shares_of
from smearflow.models.jobs import Hear, Job, spec_of, train_on, with_weights_here
from smearflow.models.leases import count_gpus, our_cores
from smearflow.models.spec import Trained
from smearflow.models.training import CHECKOUT, end, run_module
from smearflow.provenance import code_digest, lock_digest
from smearflow.service.services import last_words
from smearflow.settings import Quality
from smearflow.workspace import Workspace, lives

QUIET = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}  # it would write into the home folder, and report
ADDRESS = "RAY_ADDRESS"  # environment: a cluster that is there already
ENDED = "ended with its run"
PIECE = 1000  # images of the scan a task: 0.4 s, long against the cost of handing it over
SHARE = 2000  # images from which a share of features is worth its process: its imports take 5 s


class RayWorkers:
    """Starts a cluster, or joins one, when it is first needed. Nothing of what it started outlives this process."""

    digest = "workers"

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._head: Head | None = None
        self._joined = False
        self._lock = threading.Lock()

    def __enter__(self) -> "RayWorkers":
        if importlib.util.find_spec("ray") is None:
            raise MissingPart("workers=ray needs Ray, which isn't installed.", "make ray")
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._joined:
                import ray

                ray.shutdown()  # its tasks end with us, their trainers with them
                self._joined = False
            if self._head:
                self._head.close()
                self._head = None

    def measure(self, root: Path, paths: list[str], quality: Quality) -> Generator[Piece]:
        """Measure the files at ``paths`` below ``root``, PIECE of them a Ray task; yields pieces as they are done.

        A piece whose worker died is measured here, image by image.
        """
        if len(paths) <= FEW:
            yield from measure_all(root, paths, quality, workers=1)
            return
        self._ready()
        import ray
        from ray.exceptions import RayError, RayTaskError

        work: Any = ray.remote(num_cpus=1, max_retries=0)(measure_piece)
        pieces = [paths[at : at + PIECE] for at in range(0, len(paths), PIECE)]
        most, under_way = WAITING * int(ray.cluster_resources().get("CPU", 1)), dict[Any, Chunk]()
        while pieces or under_way:
            while pieces and len(under_way) < most:
                piece = pieces.pop()
                under_way[work.remote(root, piece, quality, version())] = piece
            (done,), _ = ray.wait(list(under_way))
            piece = under_way.pop(done)
            try:
                rows = ray.get(done)
            except RayTaskError as error:
                raise error.cause from None
            except RayError:
                rows = one_at_a_time(root, piece, quality)
            yield piece, rows

    def train(self, job: Job, on_line: Hear) -> Trained:
        """Have ``job`` done where there is a GPU, or a share of the cores. Raises what it ended with there."""
        self._ready()
        import ray
        from ray.exceptions import RayError, RayTaskError

        cores, gpus = share(ray.nodes(), job.crowd.backbones)
        before = _share_features(job, cores, gpus, on_line)
        work: Any = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=0, num_returns="streaming")(train_told)
        try:
            for reference in work.remote(job, cores, version()):
                told = ray.get(reference)
                if isinstance(told, Trained):
                    return _with_features(told, before)
                on_line(told)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise TrainingError(f"{job.plan.label}: its Ray worker is gone: {type(error).__name__}") from None
        raise TrainingError(f"{job.plan.label}: {ENDED}", permanent=True)

    def _ready(self) -> None:
        with self._lock:
            if self._joined:
                return
            os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
            if ADDRESS not in os.environ:
                self._head = Head(self.workspace)
            _join(self._head.address if self._head else os.environ[ADDRESS])
            self._joined = True


def _share_features(job: Job, cores: int, gpus: int, on_line: Hear) -> float:
    """Have the features that ``job`` lacks computed side by side, each share where a backbone would be trained.

    What doesn't come of it is left to the trainer. Returns the seconds of the share that took longest.
    """
    import ray
    from ray.exceptions import RayError

    count = 0
    with contextlib.suppress(SmearflowError, OSError):
        count = shares_of(spec_of(job, job.folder, (), cores), places(ray.nodes(), cores, gpus), SHARE)
    if count < 2:
        return 0.0
    longest = 0.0
    on_line(f"features in {count} shares")
    work: Any = ray.remote(num_cpus=cores, num_gpus=gpus, max_retries=0)(compute_told)
    left = [work.remote(job, cores, number, count, version()) for number in range(count)]
    while left:
        (done,), left = ray.wait(left)
        try:
            said, seconds = ray.get(done)
            longest = max(longest, seconds)
            on_line(said)
        except RayError as error:  # a fault of its own that it raised as well
            on_line(f"a share of features failed: {getattr(error, 'cause', error)}")
    return longest


def _with_features(trained: Trained, seconds: float) -> Trained:
    """``trained``, to which features that others computed for it before, in so many seconds, are counted."""
    own = trained.seconds.model_copy(update={"features": trained.seconds.features + seconds})
    return trained.model_copy(update={"seconds": own, "train_seconds": trained.train_seconds + seconds})


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
        if self.process.stdout:
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def measure_piece(root: Path, piece: Chunk, quality: Quality, expected: str) -> list[Row]:
    """In a Ray worker: the rows of ``piece``, in order."""
    import cv2

    _check_same("The scan", expected)
    if not root.exists():
        raise MissingPart(f"This Ray worker sees no {root}.", "Mount the images there, at the path of the retraining.")
    cv2.setNumThreads(1)
    return measure_chunk(root, piece, quality)


def compute_told(job: Job, cores: int, number: int, of: int, expected: str) -> tuple[str, float]:
    """In a Ray worker: compute share ``number`` of ``of`` of the features, in a process of its own.

    Returns the last line that it said, and the seconds that it took.
    """
    _check_same(job.plan.label, expected)
    here, lines = replace(job, plan=with_weights_here(job.plan)), ["there already"]
    with tempfile.TemporaryDirectory(prefix="smearflow-") as aside:
        path = Path(aside) / "spec.json"
        spec = ShardSpec(training=spec_of(here, Path(aside), (), cores), number=number, of=of)
        path.write_text(spec.model_dump_json(), encoding="utf-8")
        module, limit = "smearflow.models.feature_shard", job.how.time_limit
        seconds = timed(lambda: run_module(module, path, job.plan.label, limit, lines.append))[1]
    return f"share {number + 1} of {of}: {lines[-1]}", seconds


def train_told(job: Job, cores: int, expected: str) -> Iterator[str | Trained]:
    """In a Ray worker: train, and yield each line of the trainer as it comes, then the result."""
    _check_same(job.plan.label, expected)
    job = replace(job, plan=with_weights_here(job.plan))
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
    living = _living(nodes)
    largest = int(max((node.get("CPU", 1) for node in living), default=1))
    beside = math.ceil(backbones / max(1, len(living)))
    return max(1, largest // beside), int(any(node.get("GPU", 0) >= 1 for node in living))


def places(nodes: list[dict[str, Any]], cores: int, gpus: int) -> int:
    """How many tasks of so many CPU cores and GPUs run at once."""
    each = [
        min(node.get("CPU", 0) // cores, node.get("GPU", 0) // gpus if gpus else math.inf) for node in _living(nodes)
    ]
    return int(sum(each))


def _living(nodes: list[dict[str, Any]]) -> list[dict[str, float]]:
    return [node["Resources"] for node in nodes if node["Alive"]]


def version() -> str:
    """What code trains here."""
    return code_digest("smearflow.models.trainer", "smearflow.data.scanning") + lock_digest()


def _check_same(name: str, expected: str) -> None:
    """Raise MissingPart where this Ray worker runs other code."""
    if version() != expected:
        raise MissingPart(
            f"{name}: this Ray worker's checkout isn't the one that the retraining runs.",
            "Bring all machines to the same version, with the same requirements.lock.",
        )


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
