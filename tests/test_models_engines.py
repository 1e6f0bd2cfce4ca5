"""A frozen network runs in the fastest engine that says what Keras says; where LiteRT can't, TensorFlow does (8 s)."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from smearflow.models.backbones import find
from smearflow.models.engines import BATCH, LiteRtEngine, TensorFlowEngine, fastest
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


def network(last: Callable[[Any], Any]) -> Any:
    """Three features of an image, and then ``last``."""
    pixels = keras.Input((SIDE, SIDE, 3))
    return keras.Model(pixels, last(keras.layers.GlobalAveragePooling2D()(pixels)))


def test_engines_agree_also_on_a_batch_that_is_not_full(features: Any) -> None:
    plain, lite = TensorFlowEngine(features, SIDE), LiteRtEngine(features, SIDE, threads=1)
    assert plain(PIXELS).shape == lite(PIXELS).shape == (BATCH + 8, 2 * 96 + 2 * 144)
    assert np.allclose(plain(PIXELS), lite(PIXELS), atol=1e-3)


def test_on_a_processor_litert_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert fastest(network(keras.layers.Dense(2)), SIDE, 1, PIXELS[:8]).name == "LiteRT"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "last",
    [lambda x: keras.ops.erfinv(x / 300), lambda x: keras.ops.rfft(x)[0]],
    ids=["it can't be converted", "it can't be started"],
)
def test_a_network_that_litert_cannot_run_is_run_by_tensorflow(
    last: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    engine = fastest(network(last), SIDE, 1, PIXELS[:8])
    assert engine.name == "tf.function"
    assert np.isfinite(engine(PIXELS)).all()
    assert "LiteRT can't run this network (" in capsys.readouterr().out


def test_features_that_are_no_numbers_are_not_called_equal(capsys: pytest.CaptureFixture[str]) -> None:
    spoilt = network(keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(np.nan)))
    assert fastest(spoilt, SIDE, 1, PIXELS[:8]).name == "tf.function"
    assert capsys.readouterr().out == "LiteRT differs from Keras by nan: TensorFlow does\n"
