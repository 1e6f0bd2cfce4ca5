"""In which precision networks that are trained whole compute: what the hardware does fastest. Weights stay float32."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CPU_FACTS = Path("/proc/cpuinfo")
TILES = "amx_bf16"  # of a processor: multiplies matrices of bfloat16; a step of `compact` takes 0.7 of the time
TENSOR_CORES = (7, 0)  # compute capability of a GPU, from which on float16 is fast; bfloat16 is from WIDE_CORES on
WIDE_CORES = (8, 0)


def policy(wanted: bool) -> str:
    """The Keras dtype policy to train in: float32 unless ``wanted``, and where the hardware has nothing faster."""
    if not wanted:
        return "float32"
    gpus = capabilities()
    if gpus:
        return policy_of_gpu(min(gpus))
    return policy_of_cpu(CPU_FACTS)


def policy_of_gpu(capability: tuple[int, int]) -> str:
    """By the compute capability of the least of them."""
    if capability >= WIDE_CORES:
        return "mixed_bfloat16"
    return "mixed_float16" if capability >= TENSOR_CORES else "float32"


def policy_of_cpu(facts: Path) -> str:
    """By what Linux says of the processor; elsewhere nothing is known."""
    with contextlib.suppress(OSError):
        if TILES in facts.read_text().split():
            return "mixed_bfloat16"
    return "float32"


def capabilities() -> list[tuple[int, int]]:
    """The compute capability of each GPU that TensorFlow sees."""
    import tensorflow as tf

    details: list[dict[str, Any]] = [
        tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")
    ]
    return [tuple(each.get("compute_capability", (0, 0))) for each in details]


@contextlib.contextmanager
def computing_in(name: str) -> Iterator[None]:
    """Layers that are made in the body compute by the policy ``name``."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
