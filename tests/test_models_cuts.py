"""Where a backbone may be cut is read from its graph: families that share no layer's name (20 s: Keras builds them)."""

import keras
import pytest

from smearflow.errors import SettingsError
from smearflow.models.backbones import BACKBONES, Backbone, find
from smearflow.models.cuts import cuts_of, taps
from smearflow.models.networks import backbone_of

FAMILIES = {
    "MobileNet": (64, ("conv_pw_1_relu", "conv_pw_3_relu", "conv_pw_5_relu")),
    "MobileNetV2": (64, ("block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu")),
    "VGG16": (32, ("block1_conv2", "block2_conv2", "block3_conv3")),
    "ResNet50": (64, ("conv1_relu", "conv2_block3_out", "conv3_block4_out")),
    "DenseNet121": (64, ("conv1_relu", "pool2_conv")),
    "EfficientNetB0": (64, ("block2a_expand_activation", "block3a_expand_activation")),
    "InceptionV3": (96, ("mixed2", "mixed7")),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_taps_are_the_layers_before_a_map_is_made_smaller(name: str) -> None:
    size, among = FAMILIES[name]
    backbone = backbone_of(find(name), size, None)
    found = taps(backbone)
    assert [each for each in found if each in among] == list(among)
    assert found[-1] == backbone.layers[-1].name
    assert 4 <= len(found) <= 9
    sides = [backbone.get_layer(each).output.shape[1] for each in found]
    assert sides == sorted(sides, reverse=True)


def test_a_long_stretch_at_one_resolution_has_a_tap_in_its_middle() -> None:
    found = taps(backbone_of(find("MobileNetV2"), 96, None))
    assert found == (
        *("block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu"),
        *("block_10_expand_relu", "block_13_expand_relu", "out_relu"),
    )


def test_the_taps_hardly_depend_on_the_size() -> None:
    assert taps(backbone_of(find("MobileNet"), 64, None)) == taps(backbone_of(find("MobileNet"), 128, None))


def test_a_cut_is_a_tap_or_up_to_three_neighbours() -> None:
    assert cuts_of(("a", "b", "c", "d")) == (
        *(("a",), ("b",), ("a", "b"), ("c",), ("b", "c"), ("a", "b", "c")),
        *(("d",), ("c", "d"), ("b", "c", "d")),
    )


def test_a_network_that_never_makes_its_map_smaller_has_nothing_to_choose() -> None:
    pixels = keras.Input((32, 32, 3))
    network = keras.Model(pixels, keras.layers.Conv2D(8, 3)(pixels), name="flat")
    with pytest.raises(SettingsError, match=r"flat has one layer to cut at, at 32 pixels\nSet cut: last"):
        taps(network)


@pytest.mark.soak
@pytest.mark.parametrize("row", [row for row in BACKBONES if row.frozen], ids=lambda row: row.name)
def test_every_backbone_has_taps(row: Backbone) -> None:
    backbone = backbone_of(row, 96, None)
    assert 4 <= len(taps(backbone)) <= 9
