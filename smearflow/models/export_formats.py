"""What a classifier is exported as, for phones and small computers: LiteRT files, and OpenVINO's.

All start from a SavedModel at a batch of one, take pixels float32 (1, size, size, 3), 0-255, and say the network's
probability (1, 1): who uses one needs no other preprocessing, and can change it for another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
CHECKED = 100  # images on which int8 is held against float32
TOLERATED = 0.02  # of a probability, on average: compact in int8 is off by 0.002, and changes 1 decision in 1,862
MIXED = "some steps stay float32: an accelerator for integers alone can't run it"

Says = Callable[[Array], float]  # pixels uint8 (size, size, 3) -> probability of the positive class, 0-1


@dataclass(frozen=True)
class Converted:
    """The files of a format, and what a person should know of them; mostly nothing."""

    files: tuple[Path, ...]
    note: str | None = None


class Format(Protocol):
    """A kind of file. ``convert`` and ``load`` raise ValueError or RuntimeError where it can't hold the network."""

    name: str

    def convert(self, exported: Path, sample: Array, folder: Path) -> Converted:
        """Write the SavedModel ``exported`` into ``folder``. ``sample``: uint8 (n, size, size, 3), images like those
        that it will see."""

    def load(self, folder: Path, threads: int) -> Says:
        """What ``convert`` left in ``folder``, on so many CPU threads."""


class LiteRtFile:
    """A LiteRT file. float16: weights alone, half the size. int8: weights and sums, a quarter, and quickest on phones.

    For int8, the range of each layer is taken from the sample (post-training quantisation, a scale a channel: Jacob et
    al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). It takes
    and gives float32 all the same, so its probability comes in steps of 1/256. Where that says something else, its
    weights alone are int8: heads on small pooled features don't survive sums of 8 bits.
    """

    def __init__(self, weights: Literal["float32", "float16", "int8"]) -> None:
        self.name = f"litert-{weights}"
        self._weights = weights

    def convert(self, exported: Path, sample: Array, folder: Path) -> Converted:
        converter = _converter(exported)
        if self._weights == "float32":
            return self._written(folder, _made_by(converter))
        if self._weights == "float16":
            import tensorflow as tf

            converter.target_spec.supported_types = [tf.float16]
            return self._written(folder, _made_by(_shrinking(converter)))
        converter.representative_dataset = lambda: ([pixels[None].astype(np.float32)] for pixels in sample)
        integers = _made_by(_shrinking(converter))
        off = _difference(integers, _made_by(_converter(exported)), sample[:: max(1, len(sample) // CHECKED)])
        if off <= TOLERATED:
            return self._written(folder, integers, "every step in integers" if _is_integer(integers) else MIXED)
        told = f"weights alone are int8: with sums in int8 it would be off by {off:.2f} of a probability on average"
        return self._written(folder, _made_by(_shrinking(_converter(exported))), told)

    def load(self, folder: Path, threads: int) -> Says:
        return _says(self._file(folder).read_bytes(), threads)

    def _written(self, folder: Path, file: bytes, note: str | None = None) -> Converted:
        self._file(folder).write_bytes(file)
        return Converted((self._file(folder),), note)

    def _file(self, folder: Path) -> Path:
        return folder / f"{self.name}.tflite"


class OpenVinoFile:
    """OpenVINO's two files, for Intel and ARM processors. float16: weights alone, half the size; sums are float32."""

    def __init__(self, weights: Literal["float32", "float16"]) -> None:
        self.name = f"openvino-{weights}"
        self._half = weights == "float16"

    def convert(self, exported: Path, sample: Array, folder: Path) -> Converted:
        openvino = _openvino()
        network = openvino.Core().read_model(exported)
        openvino.save_model(network, self._file(folder), compress_to_fp16=self._half)
        return Converted((self._file(folder), self._file(folder).with_suffix(".bin")))

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


def _converter(exported: Path) -> Any:
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_saved_model(str(exported))


def _shrinking(converter: Any) -> Any:
    """``converter``, told to make weights small, and sums too if it knows their ranges."""
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter


def _made_by(converter: Any) -> bytes:
    try:
        file: bytes = converter.convert()
    except Exception as error:  # the converter's own is a bare Exception, in a module that isn't public
        raise ValueError(str(error)) from error
    return file


def _difference(file: bytes, other: bytes, pixels: Array) -> float:
    """By how much two LiteRT files differ in probability on ``pixels`` (n, size, size, 3), on average."""
    one, two = _says(file, 1), _says(other, 1)
    return float(np.mean([abs(one(image) - two(image)) for image in pixels]))


def _says(file: bytes, threads: int) -> Says:
    interpreter = _interpreter(file, threads)
    entry, exit_ = (end()[0]["index"] for end in (interpreter.get_input_details, interpreter.get_output_details))

    def says(pixels: Array) -> float:
        interpreter.set_tensor(entry, pixels[None].astype(np.float32))
        interpreter.invoke()
        return float(interpreter.get_tensor(exit_)[0, 0])

    return says


def _is_integer(file: bytes) -> bool:
    """Whether nothing but what goes in and what comes out is float32."""
    floats = [each["name"] for each in _interpreter(file, 1).get_tensor_details() if each["dtype"] == np.float32]
    return len(floats) <= 2


def _interpreter(file: bytes, threads: int) -> Any:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=file, num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _openvino() -> Any:
    try:
        import openvino  # type: ignore[import-untyped]  # it brings no types
    except ImportError as error:
        raise ValueError(f"OpenVINO isn't installed: {error}") from None
    return openvino
