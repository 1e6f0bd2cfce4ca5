"""What a classifier is exported as, for phones and small computers: LiteRT files, and OpenVINO's.

All start from a SavedModel at a batch of one, take pixels float32 (1, size, size, 3), 0-255, and say the network's
probability (1, 1): who uses one needs no other preprocessing, and can change it for another.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Says = Callable[[Array], float]  # pixels uint8 (size, size, 3) -> probability of the positive class, 0-1


class Format(Protocol):
    """A kind of file. ``convert`` and ``load`` raise ValueError or RuntimeError where it can't hold the network."""

    name: str

    def convert(self, exported: Path, sample: Array, folder: Path) -> tuple[Path, ...]:
        """Write the SavedModel ``exported`` into ``folder``; the files. ``sample``: uint8 (n, size, size, 3), images
        like those that it will see."""

    def load(self, folder: Path, threads: int) -> Says:
        """What ``convert`` left in ``folder``, on so many CPU threads."""

    def note(self, folder: Path) -> str | None:
        """What a person should know of the file; mostly nothing."""


class LiteRtFile:
    """A LiteRT file. float16: weights alone, half the size. int8: weights and sums, a quarter, and quickest on phones.

    For int8, the range of each layer is taken from the sample (post-training quantisation, a scale a channel: Jacob et
    al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). It takes
    and gives float32 all the same, so its probability comes in steps of 1/256.
    """

    def __init__(self, weights: Literal["float32", "float16", "int8"]) -> None:
        self.name = f"litert-{weights}"
        self._weights = weights

    def convert(self, exported: Path, sample: Array, folder: Path) -> tuple[Path, ...]:
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_saved_model(str(exported))
        if self._weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if self._weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if self._weights == "int8":
            converter.representative_dataset = lambda: ([pixels[None].astype(np.float32)] for pixels in sample)
        try:
            self._file(folder).write_bytes(converter.convert())
        except Exception as error:  # the converter's own is a bare Exception, in a module that isn't public
            raise ValueError(str(error)) from error
        return (self._file(folder),)

    def load(self, folder: Path, threads: int) -> Says:
        interpreter = _interpreter(self._file(folder), threads)
        entry, exit_ = (end()[0]["index"] for end in (interpreter.get_input_details, interpreter.get_output_details))

        def says(pixels: Array) -> float:
            interpreter.set_tensor(entry, pixels[None].astype(np.float32))
            interpreter.invoke()
            return float(interpreter.get_tensor(exit_)[0, 0])

        return says

    def note(self, folder: Path) -> str | None:
        if self._weights != "int8":
            return None
        floats = sum(each["dtype"] == np.float32 for each in _interpreter(self._file(folder), 1).get_tensor_details())
        if floats <= 2:  # its input and its output
            return "every step in integers"
        return f"{floats - 2} values between steps stay float32: an accelerator for integers alone can't run it"

    def _file(self, folder: Path) -> Path:
        return folder / f"{self.name}.tflite"


class OpenVinoFile:
    """OpenVINO's two files, for Intel and ARM processors. float16: weights alone, half the size; sums are float32."""

    def __init__(self, weights: Literal["float32", "float16"]) -> None:
        self.name = f"openvino-{weights}"
        self._half = weights == "float16"

    def convert(self, exported: Path, sample: Array, folder: Path) -> tuple[Path, ...]:
        openvino = _openvino()
        network = openvino.Core().read_model(exported)
        openvino.save_model(network, self._file(folder), compress_to_fp16=self._half)
        return (self._file(folder), self._file(folder).with_suffix(".bin"))

    def load(self, folder: Path, threads: int) -> Says:
        how = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        network = _openvino().Core().compile_model(self._file(folder), "CPU", how)

        def says(pixels: Array) -> float:
            return float(network(pixels[None].astype(np.float32))[0][0, 0])

        return says

    def note(self, folder: Path) -> str | None:
        return None

    def _file(self, folder: Path) -> Path:
        return folder / f"{self.name}.xml"


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        LiteRtFile("float32"),
        LiteRtFile("float16"),
        LiteRtFile("int8"),
        OpenVinoFile("float32"),
        OpenVinoFile("float16"),
    )
}


def _interpreter(file: Path, threads: int) -> Any:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(file), num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _openvino() -> Any:
    try:
        import openvino  # type: ignore[import-untyped]  # it brings no types
    except ImportError as error:
        raise ValueError(f"OpenVINO isn't installed: {error}") from None
    return openvino
