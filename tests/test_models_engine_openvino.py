"""OpenVINO says what Keras says: closely in float32, roughly in bfloat16 (8 s: TensorFlow)."""

from pathlib import Path

import keras
import numpy as np
import pytest

pytest.importorskip("openvino")

from smearflow.models.backbones import find
from smearflow.models.engine_openvino import BATCH, OpenVino, openvino_runtimes
from smearflow.models.networks import features_of
from smearflow.models.probe import largest_error, typical_error
from smearflow.settings import Model
from tests.trained_cells import SIDE

PIXELS = np.random.default_rng(0).integers(0, 256, (3 * BATCH + 5, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("runtime", openvino_runtimes(), ids=lambda each: each.name)
def test_features_come_in_order_from_batches_that_run_side_by_side(runtime: OpenVino, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    cut = ("block_1_expand_relu", "block_3_expand_relu")
    network = features_of(find("MobileNetV2"), Model(name="MobileNetV2", input_size=SIDE, cut=cut), None)
    network.export(str(tmp_path / "exported"), verbose=False)
    runtime.convert(tmp_path / "exported", SIDE, tmp_path)
    engine = runtime.load(tmp_path, SIDE, threads=2)
    said, wanted = engine(PIXELS), network.predict(PIXELS, verbose=0)
    assert said.shape == wanted.shape and said.dtype == np.float32
    if runtime.precision == "f32":
        assert largest_error(wanted, said) < 1e-3
    assert typical_error(wanted, said) < 0.05
    assert np.array_equal(said[:7], engine(PIXELS[:7]))  # another call, fewer images: the same


def test_float32_is_always_there_and_bfloat16_only_where_the_processor_has_it() -> None:
    names = [runtime.name for runtime in openvino_runtimes()]
    assert names in (["OpenVINO f32"], ["OpenVINO f32", "OpenVINO bf16"])
