"""A lease on a trainer's place, a GPU where there are any: at most one trainer holds one, whoever started it.

A lease is a lock that the kernel keeps on a file (flock), so that it ends with its holder, kill -9 included. No
record has to be cleaned up.
"""

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PERIOD = 0.2  # seconds between two looks where all places are held


@contextlib.contextmanager
def lease(folder: Path, places: int) -> Iterator[int]:
    """Hold one of ``places`` places while the body runs, waiting where all are held: its index, 0 to places - 1.

    ``folder`` keeps the locks: one folder for all who share the places.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while (held := _first_free(folder, places)) is None:
        time.sleep(PERIOD)
    index, handle = held
    try:
        yield index
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Crowd:
    """How many backbones the run trains, those included that an earlier one has finished: they share the cores.

    Whether the others are done already makes no difference: sums on other threads come out in another order, and one
    that goes on after a kill must end at the same weights.
    """

    backbones: int
    digest = "crowd"  # where it is trained is no part of what comes out: of no cache key


def cores_of(place: int, beside: int, cores: Sequence[int]) -> tuple[int, ...]:
    """The cores of ``cores`` for the trainer at ``place``, where ``beside`` of them share, itself included.

    Their even share, of which nobody else has one; a single core where there are more trainers than cores. One that is
    alone has all.
    """
    shares = min(beside, len(cores))
    return tuple(cores[place % shares :: shares])


def our_cores() -> list[int]:
    """The cores that this process may use, by their numbers."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def environment_of(place: int, gpus: int) -> dict[str, str]:
    """What makes the trainer at ``place`` see only the GPU that goes with it; nothing where there is none."""
    if gpus == 0:
        return {}
    index = place % gpus  # more places than GPUs, where somebody wants trainers to share one
    return {"CUDA_VISIBLE_DEVICES": _visible()[index] if _visible() else str(index)}


def count_gpus() -> int:
    """NVIDIA GPUs that a process of ours may use, as the driver and CUDA_VISIBLE_DEVICES say; 0 without a driver."""
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    present = sum(line.startswith("GPU ") for line in answer.stdout.splitlines())
    return present if "CUDA_VISIBLE_DEVICES" not in os.environ else min(present, len(_visible()))


def _visible() -> list[str]:
    return [part for part in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if part.strip() not in ("", "-1")]


def _first_free(folder: Path, places: int) -> tuple[int, int] | None:
    """Index and open lock of a place that nobody held, or None."""
    for index in range(places):
        handle = os.open(folder / f"place-{index}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return index, handle
    return None
