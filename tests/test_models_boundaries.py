"""A network in two parts says what the whole says, wherever families let themselves be divided (30 s)."""

from typing import Any

import keras
import numpy as np
import pytest

from smearflow.models.backbones import find
from smearflow.models.boundaries import Divided, divided, place_of
from smearflow.models.networks import features_of, inner_of, with_head
from smearflow.models.tail import open_layers, with_logit
from smearflow.settings import Model

# name, cut, layers that learn -> where it is divided, and what was asked where that is elsewhere
PLACES = {
    ("MobileNetV2", ("block_3_expand_relu", "block_6_expand_relu"), 3): ("block_5_add", None),
    ("MobileNetV2", ("block_3_expand_relu", "block_6_expand_relu"), 6): ("block_4_add", "block_5_depthwise_relu"),
    ("ResNet50", ("conv3_block4_out",), 12): ("conv3_block2_out", "conv3_block3_3_bn"),
    ("DenseNet121", ("pool2_conv",), 9): ("conv2_block5_concat", "conv2_block6_0_bn"),
    ("EfficientNetB0", ("block3a_expand_activation",), 9): ("block2a_project_bn", "block2b_se_reduce"),
    ("InceptionV3", ("mixed2",), 9): ("mixed1", "conv2d_25"),
    ("VGG16", ("block3_conv3",), 2): ("block3_conv1", None),
}
SIZES = {"InceptionV3": 96}


def network(name: str, cut: tuple[str, ...]) -> Any:
    """From pixels to a logit, by a head that was drawn."""
    keras.utils.set_random_seed(1)
    features = features_of(find(name), Model(name=name, input_size=SIZES.get(name, 64), cut=cut), None)
    kernel = np.random.default_rng(0).normal(0, 0.1, features.output.shape[-1]).astype(np.float32)
    return with_logit(with_head(features, kernel, 0.1))


def said(whole: Any, parts: Divided) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.random.default_rng(1).integers(0, 256, (8, *whole.input.shape[1:])).astype(np.float32)
    crossing = parts.below.predict(pixels, verbose=0)
    return whole.predict(pixels, verbose=0), parts.above.predict(crossing, verbose=0)


@pytest.mark.parametrize(("name", "cut", "trainable"), PLACES)
def test_each_family_is_divided_where_one_map_crosses(name: str, cut: tuple[str, ...], trainable: int) -> None:
    at, asked = PLACES[name, cut, trainable]
    whole = network(name, cut)
    open_layers(whole, trainable)
    parts = divided(whole, find(name), trainable)
    assert parts is not None
    assert (parts.at, parts.asked) == (at, asked or at)
    assert (asked or "") in parts.why and bool(parts.why) == bool(asked)
    assert np.allclose(*said(whole, parts), atol=1e-5)
    assert len(parts.above.trainable_weights) == len(whole.trainable_weights)
    assert not parts.below.trainable_weights


def test_what_is_learnt_above_is_learnt_by_the_whole() -> None:
    whole = network("MobileNetV2", ("block_1_expand_relu", "block_3_expand_relu"))
    open_layers(whole, 8)
    parts = divided(whole, find("MobileNetV2"), 8)
    assert parts is not None
    for weight in parts.above.trainable_weights:
        weight.assign(weight + 0.01)
    assert np.allclose(*said(whole, parts), atol=1e-5)


def test_where_all_but_the_pixels_learn_there_are_no_two_parts() -> None:
    whole = network("VGG16", ("block1_conv2",))
    assert place_of(inner_of(whole), 2) == 0
    assert divided(whole, find("VGG16"), 9) is None
