"""Starting a trainer, hearing what it says, ending it at its limit, and telling how it died."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from smearflow.errors import DiskError, MemoryRanOut, SmearflowError, TrainingError
from smearflow.models import memory
from smearflow.models.child import DISK, FAILURE, OUT_OF_MEMORY, PARENT, PERMANENT
from smearflow.models.spec import EnsembleSpec, Trained, TrainSpec
from smearflow.room import full

CHECKOUT = Path(__file__).parents[2]  # where `python -m smearflow...` finds the package
LIVE: set["subprocess.Popen[str]"] = set()  # what end_all() has to end
ENDED: set["subprocess.Popen[str]"] = set()  # what it ended: trying that again would hold up the end of the flow
ONE_EACH = {
    "OPENBLAS_NUM_THREADS": "1"
}  # NumPy's steps are small: a second thread doubles their time on a busy machine
LAST_WORDS = 3000  # characters of what a failed process wrote to its error output


def train_within_memory(
    spec: TrainSpec, limit_s: float, on_line: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> Trained:
    """``run_trainer``, once more with half the batch where memory runs out. The result's ``note`` says so.

    Raises TrainingError as it does, and MemoryRanOut where half is too much as well.
    """
    try:
        return run_trainer(spec, limit_s, on_line, environment)
    except MemoryRanOut as error:
        half = halved(spec)
        said = f"memory ran out; trained with half the batch, {batch_size(half)} images a step"
        on_line(f"{error.what}: once more with half the batch, {batch_size(half)} images a step")
    shutil.rmtree(spec.out)
    trained = run_trainer(half, limit_s, on_line, environment)
    return trained.model_copy(update={"note": "; ".join(filter(None, (said, trained.note)))})


def batch_size(spec: TrainSpec) -> int:
    """Images a step, by its recipe."""
    return spec.lecture.batch_size if spec.lecture else spec.train.batch_size


def halved(spec: TrainSpec) -> TrainSpec:
    """``spec`` with half the batch, at least an image."""
    half = {"batch_size": max(1, batch_size(spec) // 2)}
    if spec.lecture:
        return spec.model_copy(update={"lecture": spec.lecture.model_copy(update=half)})
    return spec.model_copy(update={"train": spec.train.model_copy(update=half)})


def run_trainer(
    spec: TrainSpec, limit_s: float, on_line: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> Trained:
    """Train ``spec`` in a process group of its own; every line that it prints goes to ``on_line``.

    Raises TrainingError: at the limit, when it was killed, and with its own words when it failed; MemoryRanOut where
    that was for want of memory, DiskError where the disk refused what it wrote.
    ``environment`` is laid over ours: CUDA_VISIBLE_DEVICES of a GPU lease.
    """
    result, seconds = _made_by("smearflow.models.trainer", spec, spec.model.name, limit_s, on_line, environment)
    return result.model_copy(update={"train_seconds": seconds})


def run_ensemble(spec: EnsembleSpec, limit_s: float, on_line: Callable[[str], None]) -> Trained:
    """Combine as ``spec`` says, in a process of its own. It has taken as long as its members have, and this.

    Raises TrainingError as ``run_trainer`` does.
    """
    result, seconds = _made_by("smearflow.models.ensemble", spec, spec.name, limit_s, on_line)
    return result.model_copy(update={"train_seconds": result.train_seconds + seconds})


def _made_by(
    module: str,
    spec: TrainSpec | EnsembleSpec,
    name: str,
    limit_s: float,
    on_line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> tuple[Trained, float]:
    """What `python -m MODULE` left in ``spec.out``, and the seconds from its start to its end."""
    spec.out.mkdir(parents=True, exist_ok=True)
    path = spec.out / "spec.json"
    path.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
    start = time.perf_counter()
    run_module(module, path, name, limit_s, on_line, environment)
    facts = json.loads((spec.out / "result.json").read_text(encoding="utf-8"))
    return Trained(**facts | {"folder": spec.out}), time.perf_counter() - start


def run_module(
    module: str,
    spec: Path,
    name: str,
    limit_s: float,
    on_line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `python -m MODULE SPEC` to its end. Raises as run_trainer does, speaking of ``name``, where that isn't 0."""
    log = spec.with_suffix(".log")  # TensorFlow's chatter and, where it fails, the traceback
    kills = memory.kills()
    process = _spawn(module, spec, log, environment or {})
    LIVE.add(process)
    overran = threading.Event()
    timer = threading.Timer(limit_s, _end_overrun, (process, overran))
    timer.start()
    try:
        failure = _heard(process, on_line)
        limited = memory.is_limited(process.pid)
        status = process.wait()
    finally:
        timer.cancel()
        end(process)
        LIVE.discard(process)
    if process in ENDED:
        ENDED.discard(process)
        raise TrainingError(f"{name}: ended with its run", permanent=True)
    if status == OUT_OF_MEMORY or (status != 0 and not overran.is_set() and _starved(status, kills, limited, log)):
        raise MemoryRanOut(f"{name}: memory ran out", f"Lower train.parallel, train.batch_size or input_size. {log}")
    if status != 0:
        raise _died(name, status, failure, limit_s if overran.is_set() else None, log)


def end(process: "subprocess.Popen[str]") -> None:
    """End a process and every process of its group, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the group has ended already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_all() -> None:
    """End every trainer that is still running: for the flow's last act, however it ends."""
    for process in list(LIVE):
        ENDED.add(process)
        end(process)


def slots(gpus: int, cores: int, wanted: int | None) -> int:
    """How many trainers run at once: as many as wanted, else one a GPU, else one a CPU core, at least 1."""
    return max(1, wanted or gpus or cores)


def _end_overrun(process: "subprocess.Popen[str]", overran: threading.Event) -> None:
    overran.set()
    end(process)


def _spawn(module: str, spec: Path, log: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(spec)],
            cwd=CHECKOUT,
            env={**os.environ, **ONE_EACH, PARENT: str(os.getpid()), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,
        )


def _heard(process: "subprocess.Popen[str]", on_line: Callable[[str], None]) -> str | None:
    """Hand on each line as it comes, until the process closes its output. Returns its own account of a failure."""
    failure = None
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.startswith(FAILURE):
                failure = line.removeprefix(FAILURE)
            elif line.strip():
                on_line(line.rstrip())
    return failure


def _starved(status: int, kills_before: int, limited: bool, log: Path) -> bool:
    """Whether a process ended so for want of memory: the kernel's doing, or an allocation that nobody caught."""
    if memory.kills() > kills_before:  # it, or a process of its own, which it can't do without
        return True
    crashed = -status in (signal.SIGSEGV, signal.SIGABRT)
    return crashed and (limited or memory.says_so(log.read_text(errors="replace")[-LAST_WORDS:]))


def _died(name: str, status: int, failure: str | None, limit_s: float | None, log: Path) -> SmearflowError:
    """Why a process that ended with ``status`` did so, in words."""
    if limit_s is not None:
        return TrainingError(
            f"{name}: not done after {limit_s:g} s, and ended",
            "Raise train.time_limit, or train fewer epochs or on a smaller input_size.",
        )
    if failure is not None:
        words = json.loads(failure)
        if status == DISK:
            return DiskError(words["what"], words["fix"])
        return TrainingError(words["what"], words["fix"], permanent=status == PERMANENT)
    if status == -signal.SIGBUS:  # what a write to a mapped file gets that finds no room
        return full(log.parent)
    if status == -signal.SIGKILL:
        return TrainingError(
            f"{name}: its process was killed (signal 9)",
            "Run again: it goes on from its last epoch. Where memory is short, lower train.parallel.",
        )
    if status < 0:
        return TrainingError(f"{name}: its process was ended by {signal.Signals(-status).name}", f"See {log}.")
    said = log.read_text(errors="replace")[-LAST_WORDS:].strip()
    return TrainingError(f"{name}: its process failed with status {status}: {said}", f"All that it said: {log}")
