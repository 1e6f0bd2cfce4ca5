"""The networks have the sizes that were published, see pixels as their weights did, and agree in every form (15 s)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from smearflow.errors import SettingsError, TrainingError
from smearflow.models.backbones import BACKBONES, Backbone, find
from smearflow.models.networks import backbone_of, compact, features_of, preprocessed, simple_cnn, with_head
from smearflow.settings import Model

SIDE = 32
PIXELS = np.random.default_rng(0).integers(0, 256, (40, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def features() -> Any:
    """MobileNetV2 at random weights, cut at two early layers."""
    keras.utils.set_random_seed(1)
    return features_of(find("MobileNetV2"), cut_at("block_1_expand_relu", "block_3_expand_relu"), None)


def cut_at(*layers: str) -> Model:
    return Model(name="MobileNetV2", input_size=SIDE, cut=layers or None)


@pytest.mark.parametrize("size", [32, 96])
def test_compact_has_98289_parameters_at_any_size(size: int) -> None:
    assert compact(size).count_params() == 98_289


def test_an_initializer_draws_all_kernels_but_that_of_compacts_last_layer_which_starts_at_nothing() -> None:
    for build in (compact, simple_cnn):
        network = build(SIDE, "he_normal")
        drawn = {layer.kernel_initializer.__class__.__name__ for layer in network.layers if hasattr(layer, "kernel")}
        assert drawn == ({"HeNormal", "Zeros"} if build is compact else {"HeNormal"})
        assert (np.abs(network.layers[-1].kernel.numpy()).max() > 0) == (build is simple_cnn)


def test_simple_cnn_is_the_lectures() -> None:
    assert simple_cnn(150).count_params() == 21_590_593


@pytest.mark.parametrize("name", ["ResNet50", "DenseNet121", "MobileNetV2"])
def test_pixels_are_prepared_as_keras_itself_does(name: str) -> None:
    module = {"ResNet50": "resnet", "DenseNet121": "densenet", "MobileNetV2": "mobilenet_v2"}[name]
    pixels = keras.Input((SIDE, SIDE, 3))
    ours = keras.Model(pixels, preprocessed(pixels, find(name).preprocessing)).predict(PIXELS, verbose=0)
    theirs = getattr(keras.applications, module).preprocess_input(PIXELS.astype(np.float32))
    assert np.allclose(ours, theirs, atol=1e-3)


def test_features_are_average_and_maximum_of_each_layer_of_the_cut(features: Any) -> None:
    assert features.output.shape == (None, 2 * 96 + 2 * 144)
    assert not features.trainable_weights


def test_without_a_cut_the_last_layer_is_the_feature() -> None:
    assert features_of(find("MobileNetV2"), cut_at(), None).output.shape == (None, 2 * 1280)


def test_an_unknown_layer_is_answered_with_its_neighbours() -> None:
    with pytest.raises(SettingsError, match=r"no layer 'block_6_expand_rel'(.|\n)*block_6_expand_relu"):
        features_of(find("MobileNetV2"), cut_at("block_6_expand_rel"), None)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "compact.weights.h5"
    compact(SIDE).save_weights(other)
    with pytest.raises(TrainingError, match=r"compact.weights.h5 does not fit MobileNetV2") as caught:
        features_of(find("MobileNetV2"), cut_at("block_1_expand_relu"), other)
    assert not caught.value.retryable


def test_the_whole_model_is_the_head_on_the_features(features: Any, tmp_path: Path) -> None:
    kernel = np.random.default_rng(1).normal(0, 0.1, features.output.shape[1]).astype(np.float32)
    with_head(features, kernel, 0.25).save(tmp_path / "model.keras")
    said = keras.models.load_model(tmp_path / "model.keras").predict(PIXELS, verbose=0)[:, 0]
    logits = features.predict(PIXELS, verbose=0) @ kernel + 0.25
    assert np.allclose(said, 1 / (1 + np.exp(-logits)), atol=1e-4)


def test_a_file_that_holds_only_some_layers_is_refused(tmp_path: Path) -> None:
    whole = keras.applications.MobileNetV2(input_shape=(SIDE, SIDE, 3), include_top=False, weights=None)
    keras.Model(whole.input, whole.get_layer("block_2_add").output).save_weights(tmp_path / "some.weights.h5")
    with pytest.raises(TrainingError, match=r"some.weights.h5 does not fit MobileNetV2"):
        features_of(find("MobileNetV2"), cut_at("block_1_expand_relu"), tmp_path / "some.weights.h5")


@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2", "EfficientNetB0"])
def test_a_backbone_has_the_parameters_that_the_table_says(name: str) -> None:
    assert backbone_of(find(name), 64, None).count_params() == find(name).frozen_params


@pytest.mark.soak
@pytest.mark.parametrize("row", [row for row in BACKBONES if row.frozen], ids=lambda row: row.name)
def test_every_backbone_has_the_parameters_that_the_table_says(row: Backbone) -> None:
    assert backbone_of(row, 224, None).count_params() == row.frozen_params


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_published_weights_fit(name: str, shared: Callable[[str], Path]) -> None:
    file = {"MobileNet": "mobilenet_1.00_no_top", "MobileNetV2": "mobilenet_v2_1.00_no_top"}[name]
    row = find(name)
    model = Model(name=name, input_size=SIDE, cut=row.cut)
    assert features_of(row, model, shared(f"weights/{file}.weights.h5")).output.shape[1] > 600
