"""Engines say what Keras says, also on a batch that isn't full (10 s: TensorFlow)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from smearflow.models.backbones import find
from smearflow.models.engines import BATCH, LiteRt, Runtime, TensorFlow, filled
from smearflow.models.networks import features_of
from smearflow.settings import Model
from tests.trained_cells import SIDE

PIXELS = np.random.default_rng(0).integers(0, 256, (BATCH + 8, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def features() -> Any:
    """MobileNetV2 at random weights, cut at two early layers."""
    keras.utils.set_random_seed(1)
    cut = ("block_1_expand_relu", "block_3_expand_relu")
    return features_of(find("MobileNetV2"), Model(name="MobileNetV2", input_size=SIDE, cut=cut), None)


def exported(model: Any, folder: Path) -> Path:
    model.export(str(folder / "exported"), verbose=False)
    return folder / "exported"


@pytest.mark.parametrize("runtime", [LiteRt(), TensorFlow()], ids=lambda each: each.name)
def test_an_engine_says_what_keras_says(runtime: Runtime, features: Any, tmp_path: Path) -> None:
    runtime.convert(exported(features, tmp_path), SIDE, tmp_path)
    said = runtime.load(tmp_path, SIDE, threads=1)(PIXELS)
    assert said.shape == (BATCH + 8, 2 * 96 + 2 * 144)
    assert said.dtype == np.float32
    assert np.allclose(said, features.predict(PIXELS, verbose=0), atol=1e-3)


@pytest.mark.parametrize(
    "last",
    [lambda x: keras.ops.erfinv(x / 300), lambda x: keras.ops.rfft(x)[0]],
    ids=["it can't be converted", "it can't be started"],
)
def test_a_network_that_litert_cannot_run_is_told(last: Callable[[Any], Any], tmp_path: Path) -> None:
    pixels = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(pixels, last(keras.layers.GlobalAveragePooling2D()(pixels)))
    runtime = LiteRt()
    with pytest.raises((ValueError, RuntimeError)):
        runtime.convert(exported(network, tmp_path), SIDE, tmp_path)
        runtime.load(tmp_path, SIDE, threads=1)


def test_a_batch_is_filled_up_with_black() -> None:
    whole = filled(PIXELS[:3], 5)
    assert (whole.shape, whole.dtype) == ((5, SIDE, SIDE, 3), np.float32)
    assert np.array_equal(whole[:3], PIXELS[:3]) and not whole[3:].any()
