"""The side of a process that a flow started: how it ends with its parent, and how it says what it did."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from smearflow.errors import DiskError, SmearflowError
from smearflow.processes import end_with_parent

PARENT = "SMEARFLOW_PARENT"  # environment: number of the process that started this one
PERMANENT = 3  # exit status: trying again would end the same way
DISK = 5  # exit status: the disk is full, or can't be written to
OUT_OF_MEMORY = 4  # exit status: an allocation failed
FAILURE = "failure: "  # before the JSON of what happened and the way out

Made = TypeVar("Made")
Told = TypeVar("Told", bound=BaseModel)


def watch_parent() -> None:
    """End with the process that started this one, and take the whole process group along where it is ours."""
    parent = int(os.environ.get(PARENT, os.getppid()))
    end_with_parent(parent, group=os.getpgrp() == os.getpid())


def keep_to(cores: Sequence[int]) -> None:
    """Run on these cores alone, every thread and process begun from now on too; on any where none are named.

    Only Linux can do so.
    """
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def import_keras(threads: int, seed: int) -> None:
    """TensorFlow, quiet, on so many threads, every draw seeded: on a CPU the same work gives the same bits.

    Keras computes with it, or with what KERAS_BACKEND names; batches and engines are TensorFlow's in any case.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def say(line: str) -> None:
    """One line to the parent, at once."""
    print(line, flush=True)


def say_failure(error: SmearflowError) -> int:
    """Hand an error to the parent, and return the exit status that goes with it."""
    say(FAILURE + json.dumps({"what": error.what, "fix": error.fix}))
    if isinstance(error, DiskError):
        return DISK
    return 1 if error.retryable else PERMANENT


def done_as_told(arguments: Sequence[str], kind: type[Told], work: Callable[[Told], None]) -> int:
    """What a process of ours is for: ``work`` on the spec that its first argument names. Its exit status.

    0, or what ``say_failure`` says of an error of ours.
    """
    watch_parent()
    try:
        work(kind.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8")))
    except SmearflowError as error:
        return say_failure(error)
    return 0


def timed(work: Callable[[], Made]) -> tuple[Made, float]:
    """What ``work`` returns, and the seconds it took."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start
