"""The lecture's recipe: its exact counts, its three steps of transfer learning, one real training (20 s)."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.models.backbones import find
from smearflow.models.lecture import compiled, network_of, transferred
from smearflow.models.lecture_figures import LECTURE
from smearflow.models.networks import backbone_of
from smearflow.models.training import run_trainer
from smearflow.registry.serving import load
from smearflow.settings import Lecture
from tests.trained_cells import SIDE, spec_of, split_of_cells

LIMIT = 300


def counts(network: Any) -> tuple[int, int]:
    return network.count_params(), sum(int(np.prod(w.shape)) for w in network.trainable_weights)


@pytest.mark.parametrize("told", [row for row in LECTURE if row.params], ids=lambda row: row.name)
def test_parameters_are_the_lectures_to_the_last_one(told: Any, tmp_path: Path) -> None:
    spec = spec_of(tmp_path, tmp_path, name=told.name, recipe="lecture", weights="random", input_size=told.input_size)
    assert counts(network_of(find(told.name), spec, Lecture())) == (told.params, told.trainable)


def test_vgg16_is_frozen_but_for_its_head() -> None:
    assert counts(transferred(find("VGG16"), 224, None, Lecture())) == (14_714_688 + 25_089, 25_089)


def test_only_what_was_attached_is_fitted() -> None:
    keras.utils.set_random_seed(1)
    network = compiled(transferred(find("MobileNetV2"), SIDE, None, Lecture()), Lecture(learning_rate=0.1))
    before = [np.array(w) for w in network.weights]
    draw = np.random.default_rng(0)
    network.fit(draw.uniform(0, 255, (8, SIDE, SIDE, 3)), draw.integers(0, 2, (8, 1)), verbose=0)
    moved = [not np.array_equal(old, new) for old, new in zip(before, network.weights, strict=True)]
    assert [weight.path for weight, has in zip(network.weights, moved, strict=True) if has] == [
        "probability/kernel",
        "probability/bias",
    ]


def test_the_backbone_says_what_it_says_alone() -> None:
    keras.utils.set_random_seed(1)
    network = transferred(find("VGG16"), SIDE, None, Lecture())
    alone = backbone_of(find("VGG16"), SIDE, None)
    alone.set_weights(next(layer for layer in network.layers if layer.name == "vgg16").get_weights())
    pixels = np.random.default_rng(0).uniform(0, 255, (2, SIDE, SIDE, 3)).astype(np.float32)
    features = alone.predict(keras.applications.vgg16.preprocess_input(pixels.copy()), verbose=0).reshape(2, -1)
    kernel, bias = network.get_layer("probability").get_weights()
    assert np.allclose(network.predict(pixels, verbose=0), 1 / (1 + np.exp(-features @ kernel - bias)), atol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "rmsprop", "sgd"])
@pytest.mark.parametrize("loss", ["binary_crossentropy", "binary_focal_crossentropy", "mean_squared_error"])
def test_every_loss_and_optimiser_that_the_settings_allow_is_kerass(loss: Any, optimizer: Any) -> None:
    pixels = keras.Input((2,))
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid")(pixels))
    compiled(network, Lecture(loss=loss, optimizer=optimizer, learning_rate=0.25))
    assert type(network.optimizer).__name__.lower() == optimizer
    assert float(network.optimizer.learning_rate) == 0.25


def test_a_trainer_leaves_a_model_that_serves_and_both_its_sizes(tmp_path: Path) -> None:
    table = split_of_cells(tmp_path / "cells", 60)
    asked = {"name": "simple_cnn", "recipe": "lecture"}
    lines: list[str] = []
    trained = run_trainer(spec_of(table, tmp_path / "out", **asked), LIMIT, lines.append)
    assert trained.epochs == 3  # of 30, at 0.1
    assert trained.params == trained.trainable
    assert trained.saved_mb is not None
    assert 2.9 < trained.saved_mb / trained.size_mb < 3.1  # Adam keeps two numbers for each weight
    assert not (trained.folder / "pixels").exists()
    curves = json.loads((trained.folder / "curves.json").read_text())
    assert set(curves[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "val_auc"}
    assert sum(line.startswith("epoch ") for line in lines) == 3
    said = pd.read_parquet(trained.folder / "predictions.parquet")
    assert len(said) == 60 and said["probability"].between(0, 1).all()
    assert load(trained.folder / "bundle").input_size == SIDE
