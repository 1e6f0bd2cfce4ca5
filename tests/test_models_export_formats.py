"""A network that a format can't hold is told, with its name (3 s: TensorFlow)."""

from pathlib import Path

import keras
import numpy as np
import pytest

from smearflow.models.export_formats import FORMATS
from smearflow.models.exports import export_network
from tests.trained_cells import SIDE


def test_the_formats_are_called_by_library_and_weights() -> None:
    assert list(FORMATS) == ["litert-float32", "litert-float16", "litert-int8", "openvino-float32", "openvino-float16"]
    assert [each.name for each in FORMATS.values()] == list(FORMATS)


def test_a_network_that_litert_cannot_hold_is_refused(tmp_path: Path) -> None:
    pixels = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(pixels, keras.ops.erfinv(keras.layers.GlobalAveragePooling2D()(pixels) / 300))
    export_network(network, SIDE, tmp_path / "saved_model")
    with pytest.raises(ValueError, match="Erfinv"):
        FORMATS["litert-float32"].convert(tmp_path / "saved_model", np.zeros((1, SIDE, SIDE, 3), np.uint8), tmp_path)
