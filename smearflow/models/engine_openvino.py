"""OpenVINO, where it is installed: in float32, and in bfloat16 where the processor multiplies in it."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from smearflow.models.engines import Array, Engine, Features, Precision, filled

BATCH = 16  # an image stream a core, each with small batches, was the fastest of 8 to 64
FILE = "model.xml"
COMPILED = "compiled"  # what OpenVINO keeps of its own compilation


class OpenVino:
    """OpenVINO on the CPU. bfloat16 features are off by up to 8 % each; a head hardly feels it."""

    def __init__(self, precision: Literal["f32", "bf16"]) -> None:
        self.name = f"OpenVINO {precision}"
        self.precision: Precision = precision

    def convert(self, exported: Path, size: int, folder: Path) -> None:
        openvino = _openvino()
        network = openvino.Core().read_model(exported)
        network.reshape([BATCH, size, size, 3])
        openvino.save_model(network, folder / FILE, compress_to_fp16=False)

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        return OpenVinoEngine(folder, self.precision, threads)


class OpenVinoEngine:
    """A compiled network that works on several batches at a time; the last one is filled up with black."""

    def __init__(self, folder: Path, precision: Precision, threads: int) -> None:
        openvino, how = (
            _openvino(),
            {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "THROUGHPUT",
                "CACHE_DIR": str(folder / COMPILED),
            },
        )
        core = openvino.Core()
        network = core.read_model(folder / FILE)  # given the path, its own cache would be the path's, not the network's
        self._queue = openvino.AsyncInferQueue(core.compile_model(network, "CPU", how))
        self._queue.set_callback(self._keep)
        self._found: dict[int, Features] = {}

    def __call__(self, pixels: Array) -> Features:
        for at in range(0, len(pixels), BATCH):
            self._queue.start_async({0: filled(pixels[at : at + BATCH], BATCH)}, userdata=at)
        self._queue.wait_all()
        features = np.concatenate([self._found.pop(at) for at in range(0, len(pixels), BATCH)])
        return features[: len(pixels)]

    def _keep(self, request: Any, at: int) -> None:
        self._found[at] = request.get_output_tensor().data.copy()


def openvino_runtimes() -> list[OpenVino]:
    """What OpenVINO can do on this processor; nothing where it isn't installed, or knows no CPU."""
    try:
        able = _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    except (ImportError, RuntimeError):
        return []
    return [OpenVino("f32"), *([OpenVino("bf16")] if "BF16" in able else [])]


def _openvino() -> Any:
    import openvino  # type: ignore[import-untyped]  # it brings no types

    return openvino
