"""Which engine runs a frozen network fastest here: each is tried on a golden batch, once a machine and a version.

An engine that doesn't say what Keras says of the golden batch isn't used. What was found, and the fastest engine's
converted network, are kept in a folder (``Workspace.engines``), so that the next run loads it and tries nothing.
"""

import importlib.metadata
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smearflow.errors import TrainingError
from smearflow.models.child import say
from smearflow.models.engine_openvino import openvino_runtimes
from smearflow.models.engines import GPU_BATCH, Array, Engine, LiteRt, Precision, Runtime, TensorFlow
from smearflow.provenance import processor_name
from smearflow.workspace import alone, building, digest_of, is_whole

F32_TOLERANCE = 1e-3  # of a feature: float32 sums in another order, see `largest_error`
BF16_TOLERANCE = 0.15  # of the features' spread: what it means for probabilities is measured once there is a head
FLOOR = 0.1  # of the largest feature of all: smaller ones count as so large, as they end in sums with it
AHEAD = 1.4  # a later engine must be so much faster than an earlier one: else noise would choose, and bits differ
TIMED = 64  # images in a step that is timed
ENOUGH = 0.4  # seconds of timing, an engine, after which they are known
RECORD = "probe.json"
VERSIONS = ("tensorflow", "keras", "openvino", "numpy")


@dataclass(frozen=True)
class Chosen:
    """The engine to use. ``rate``: images a second when it was tried; ``refused``: why others aren't used, by name."""

    name: str
    precision: Precision
    engine: Engine
    rate: float
    refused: dict[str, str]


@dataclass(frozen=True)
class Candidates:
    """A frozen network that an engine is wanted for.

    ``model``: the Keras model, pixels to features; ``golden``: pixels uint8 (n, size, size, 3); ``digest``: of the
    network, its size and its weights; ``precisions``: those that will do.
    """

    model: Any
    golden: Array
    digest: str
    threads: int
    precisions: tuple[Precision, ...] = ("f32",)

    @property
    def size(self) -> int:
        """Side of the input, pixels."""
        return int(self.golden.shape[1])


def fastest(wanted: Candidates, folder: Path, without: Mapping[str, str] | None = None) -> Chosen:
    """The fastest engine that agrees with Keras, leaving out those named in ``without``, each with the reason.

    ``folder`` keeps what is found, for this machine. Raises TrainingError (permanent) where no engine agrees.
    """
    failed = dict(without or {})
    runtimes = [runtime for runtime in runtimes_here(wanted.precisions) if runtime.name not in failed]
    if not runtimes:
        raise _none_is_left(failed)
    home = folder / digest_of(machine(), wanted.digest, wanted.threads, [runtime.name for runtime in runtimes])
    with alone(folder / f"{home.name}.lock"):  # two who tried at once might come to different ones
        return _known(home, wanted, runtimes) or _tried(home, wanted, runtimes)


def runtimes_here(precisions: tuple[Precision, ...]) -> list[Runtime]:
    """What can run a network on this machine in one of ``precisions``: TensorFlow alone where there is a GPU."""
    import tensorflow as tf

    gpu = bool(tf.config.list_physical_devices("GPU"))
    here: list[Runtime] = [TensorFlow(GPU_BATCH)] if gpu else [LiteRt(), *openvino_runtimes(), TensorFlow()]
    return [runtime for runtime in here if runtime.precision in precisions]


def machine() -> list[Any]:
    """What a rate depends on, besides the network: processor, cores, GPUs, and the libraries' versions."""
    import tensorflow as tf

    gpus = [tf.config.experimental.get_device_details(each) for each in tf.config.list_physical_devices("GPU")]
    return [processor_name(), os.cpu_count(), gpus, [_version(name) for name in VERSIONS]]


def largest_error(wanted: Array, got: Array) -> float:
    """The largest difference of a feature, relative to the largest size that it has in the batch, (n, d) each.

    A feature that is below FLOOR of the largest of all counts as that large. NaN where one of them is.
    """
    largest = np.max(np.abs(wanted), axis=0)
    scale = np.maximum(largest, max(FLOOR * float(largest.max()), 1e-6))
    return float(np.max(np.abs(wanted - got) / scale))


def typical_error(wanted: Array, got: Array) -> float:
    """The root mean square of the differences, relative to that of the features about their means, (n, d) each."""
    spread = float(np.sqrt(np.mean((wanted - wanted.mean(axis=0)) ** 2)))
    return float(np.sqrt(np.mean((wanted - got) ** 2))) / max(spread, 1e-6)


def _known(home: Path, wanted: Candidates, runtimes: list[Runtime]) -> Chosen | None:
    """What an earlier probe found, where its folder is whole and its engine still starts."""
    if not is_whole(home):
        return None
    try:
        found = json.loads((home / RECORD).read_text(encoding="utf-8"))
        runtime = next(runtime for runtime in runtimes if runtime.name == found["engine"])
        engine = runtime.load(home / runtime.name, wanted.size, wanted.threads)
        os.utime(home)  # when it was last used
        return Chosen(runtime.name, runtime.precision, engine, found["rates"][runtime.name], found["refused"])
    except (OSError, ValueError, RuntimeError, KeyError, StopIteration):
        return None


def _tried(home: Path, wanted: Candidates, runtimes: list[Runtime]) -> Chosen:
    """Try every runtime, keep the fastest one's files at ``home``, and load it from there."""
    with building(home) as aside:
        rates, refused = _rates(wanted, runtimes, aside)
        for name, why in refused.items():
            say(f"{name} isn't used: {why}")
        if not rates:
            raise _none_is_left(refused)
        name = _first_of(rates)
        for left in (runtime.name for runtime in runtimes if runtime.name != name):
            shutil.rmtree(aside / left, ignore_errors=True)
        record = {"engine": name, "rates": rates, "refused": refused, "machine": machine()}
        (aside / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    runtime = next(runtime for runtime in runtimes if runtime.name == name)
    say("engines: " + ", ".join(f"{each} {rate:,.0f} images/s" for each, rate in rates.items()))
    engine = runtime.load(home / name, wanted.size, wanted.threads)
    return Chosen(name, runtime.precision, engine, rates[name], refused)


def _rates(wanted: Candidates, runtimes: list[Runtime], aside: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Images a second by the name of each engine that agrees, and of every other why it isn't used."""
    said = np.asarray(wanted.model.predict_on_batch(wanted.golden.astype(np.float32)))
    engines: dict[str, Engine] = {}
    refused: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="smearflow-") as temporary:
        exported = Path(temporary) / "model"
        wanted.model.export(str(exported), verbose=False)
        for runtime in runtimes:
            (aside / runtime.name).mkdir()
            try:
                runtime.convert(exported, wanted.size, aside / runtime.name)
                engine = runtime.load(aside / runtime.name, wanted.size, wanted.threads)
                difference = _difference(runtime.precision, said, engine(wanted.golden))
            except (RuntimeError, ValueError) as error:
                difference = f"it can't run this network ({(str(error).splitlines() or [''])[0][:120]})"
            if difference:
                refused[runtime.name] = difference
            else:
                engines[runtime.name] = engine
    return _timed(engines, wanted.golden), refused


def _none_is_left(refused: Mapping[str, str]) -> TrainingError:
    return TrainingError(
        "No engine says what Keras says. " + "; ".join(f"{name}: {why}" for name, why in refused.items()),
        "Where the weights are whole, this is a fault of smearflow, or of this machine's TensorFlow.",
        permanent=True,
    )


def _difference(precision: Precision, wanted: Array, got: Array) -> str | None:
    """What is wrong with the features of an engine; None where they are Keras'."""
    coarse = precision == "bf16"
    error = typical_error(wanted, got) if coarse else largest_error(wanted, got)
    if error <= (BF16_TOLERANCE if coarse else F32_TOLERANCE):  # never where it is NaN
        return None
    return f"its features differ from Keras' by {error:.2g}"


def _timed(engines: Mapping[str, Engine], golden: Array) -> dict[str, float]:
    """Images a second of each engine, at its best step. They take turns: what else runs then slows all of them."""
    pixels = np.resize(golden, (TIMED, *golden.shape[1:]))
    best = dict.fromkeys(engines, float("inf"))
    end = time.perf_counter() + ENOUGH * len(engines)
    while float("inf") in best.values() or time.perf_counter() < end:
        for name, engine in engines.items():
            start = time.perf_counter()
            engine(pixels)
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: round(TIMED / seconds, 1) for name, seconds in best.items()}


def _first_of(rates: dict[str, float]) -> str:
    """The fastest, except that an earlier one which is nearly as fast wins."""
    best = next(iter(rates))
    for name, rate in rates.items():
        if rate > AHEAD * rates[best]:
            best = name
    return best


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
