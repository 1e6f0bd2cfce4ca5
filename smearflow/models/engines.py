"""What runs a frozen network over pixels: LiteRT where it agrees with Keras, else a compiled TensorFlow function.

On CPU LiteRT (inside TensorFlow, as tf.lite) is 1 to 3 times as fast; a GPU serves the TensorFlow function better.
"""

import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

BATCH = 32  # of LiteRT: fixed when its tensors are allocated
TOLERANCE = 2e-3  # of a feature, relative to the largest one: float32 sums in another order


class Engine(Protocol):
    """Pixels uint8 (n, size, size, 3) in, features float32 (n, d) out."""

    name: str

    def __call__(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]: ...


class TensorFlowEngine:
    """The Keras model as one compiled TensorFlow function."""

    name = "tf.function"

    def __init__(self, model: Any, size: int) -> None:
        import tensorflow as tf

        signature = [tf.TensorSpec((None, size, size, 3), tf.float32)]
        self._run = tf.function(lambda x: model(x, training=False), input_signature=signature)

    def __call__(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.asarray(self._run(pixels.astype(np.float32)))


class LiteRtEngine:
    """The model converted for LiteRT, at a fixed batch; the last batch is filled up with black."""

    name = "LiteRT"

    def __init__(self, model: Any, size: int, threads: int) -> None:
        import tensorflow as tf

        self._interpreter = tf.lite.Interpreter(model_content=_converted(model), num_threads=threads)
        entry = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(entry, (BATCH, size, size, 3))
        self._interpreter.allocate_tensors()
        self._entry, self._exit = entry, self._interpreter.get_output_details()[0]["index"]

    def __call__(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.concatenate([self._batch(pixels[at : at + BATCH]) for at in range(0, len(pixels), BATCH)])

    def _batch(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        filled = np.zeros((BATCH, *pixels.shape[1:]), np.float32)
        filled[: len(pixels)] = pixels
        self._interpreter.set_tensor(self._entry, filled)
        self._interpreter.invoke()
        features: np.ndarray[Any, np.dtype[np.float32]] = self._interpreter.get_tensor(self._exit)
        return features[: len(pixels)]


def fastest(model: Any, size: int, threads: int, sample: np.ndarray[Any, Any]) -> Engine:
    """LiteRT where there is no GPU and its features of ``sample`` (n, size, size, 3) are Keras'; else TensorFlow."""
    import tensorflow as tf

    plain = TensorFlowEngine(model, size)
    if tf.config.list_physical_devices("GPU"):
        return plain
    try:
        lite = LiteRtEngine(model, size, threads)
        wanted, got = plain(sample), lite(sample)
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        print(f"LiteRT can't run this network ({str(error).splitlines()[0][:120]}): TensorFlow does", flush=True)
        return plain
    worst = float(np.max(np.abs(wanted - got)) / max(float(np.max(np.abs(wanted))), 1e-6))
    if not worst < TOLERANCE:  # also where it is NaN
        print(f"LiteRT differs from Keras by {worst:.2g}: TensorFlow does", flush=True)
        return plain
    return lite


def _converted(model: Any) -> bytes:
    """The LiteRT file of a Keras model, by way of a SavedModel: straight from a function it is slow and gives NaN.

    Raises ValueError where LiteRT doesn't know a layer's operation.
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory(prefix="smearflow-") as folder:
        model.export(str(Path(folder) / "model"), verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder) / "model"))
        try:
            converted: bytes = converter.convert()
        except Exception as error:  # the converter's own is a bare Exception, in a module that isn't public
            raise ValueError(str(error)) from error
    return converted
