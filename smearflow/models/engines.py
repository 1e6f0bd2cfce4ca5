"""What runs a frozen network over pixels: LiteRT, OpenVINO in float32 or bfloat16, or TensorFlow itself.

No one of them is the fastest for every network and machine: ``smearflow/models/probe.py`` times them. Each starts from
a SavedModel: a converter that is given a function makes networks of a sixth of the speed, and NaN. OpenVINO is in
``smearflow/models/engine_openvino.py``.
"""

import shutil
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

BATCH = 32  # images a step; LiteRT's is fixed when its tensors are allocated
GPU_BATCH = 128
TFLITE = "model.tflite"
SAVED = "saved_model"

Precision = Literal["f32", "bf16"]
Array = np.ndarray[Any, Any]
Features = np.ndarray[Any, np.dtype[np.float32]]


class Engine(Protocol):
    """Pixels uint8 (n, size, size, 3) in, features float32 (n, d) out."""

    def __call__(self, pixels: Array) -> Features: ...


class Runtime(Protocol):
    """A library that makes engines: ``convert`` once a machine, ``load`` once a process.

    Both raise ValueError or RuntimeError where it can't run the network. ``precision`` is that of its sums.
    """

    name: str
    precision: Precision

    def convert(self, exported: Path, size: int, folder: Path) -> None:
        """Write into ``folder`` what ``load`` needs of the SavedModel ``exported``, whose input is ``size`` square."""

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        """The engine that ``convert`` left in ``folder``, on so many CPU threads."""


class LiteRt:
    """LiteRT, which TensorFlow holds as tf.lite."""

    name = "LiteRT"
    precision: Precision = "f32"

    def convert(self, exported: Path, size: int, folder: Path) -> None:
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_saved_model(str(exported))
        try:
            (folder / TFLITE).write_bytes(converter.convert())
        except Exception as error:  # the converter's own is a bare Exception, in a module that isn't public
            raise ValueError(str(error)) from error

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        return LiteRtEngine(folder / TFLITE, size, threads)


class LiteRtEngine:
    """A LiteRT file at a fixed batch; the last batch is filled up with black."""

    def __init__(self, file: Path, size: int, threads: int) -> None:
        import tensorflow as tf

        self._interpreter = tf.lite.Interpreter(model_path=str(file), num_threads=threads)
        entry = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(entry, (BATCH, size, size, 3))
        self._interpreter.allocate_tensors()
        self._entry, self._exit = entry, self._interpreter.get_output_details()[0]["index"]

    def __call__(self, pixels: Array) -> Features:
        return np.concatenate([self._batch(pixels[at : at + BATCH]) for at in range(0, len(pixels), BATCH)])

    def _batch(self, pixels: Array) -> Features:
        self._interpreter.set_tensor(self._entry, filled(pixels, BATCH))
        self._interpreter.invoke()
        features: Features = self._interpreter.get_tensor(self._exit)
        return features[: len(pixels)]


class TensorFlow:
    """The SavedModel as TensorFlow runs it: a compiled function. It knows every layer, and GPUs, which like more
    images a step. On a CPU a step's memory counts: the first layers of VGG19 at 224 px take 13 MB an image each."""

    name = "tf.function"
    precision: Precision = "f32"

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch

    def convert(self, exported: Path, size: int, folder: Path) -> None:
        shutil.copytree(exported, folder / SAVED)

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        return TensorFlowEngine(folder / SAVED, self._batch)


class TensorFlowEngine:
    """A SavedModel, on the threads and the device that this process gave TensorFlow."""

    def __init__(self, saved: Path, batch: int) -> None:
        import tensorflow as tf

        self._model, self._size = tf.saved_model.load(str(saved)), batch

    def __call__(self, pixels: Array) -> Features:
        return np.concatenate([self._batch(pixels[at : at + self._size]) for at in range(0, len(pixels), self._size)])

    def _batch(self, pixels: Array) -> Features:
        return np.asarray(self._model.serve(pixels.astype(np.float32)), np.float32)


def filled(pixels: Array, batch: int) -> Features:
    """``pixels`` (up to ``batch``, size, size, 3) as float32 (batch, size, size, 3), black where there are none."""
    whole = np.zeros((batch, *pixels.shape[1:]), np.float32)
    whole[: len(pixels)] = pixels
    return whole
