"""The last layers of a backbone learn, those below keep what they had, and what is saved is what was scored (40 s)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.errors import SettingsError
from smearflow.models.backbones import find, resolve
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted
from smearflow.models.networks import features_of, inner_of
from smearflow.models.spec import TrainSpec
from smearflow.models.tail import maps_to_compute, train_tail
from smearflow.settings import Lecture, Model, Train
from tests.trained_cells import cell, spec_of, split_of_cells

ROW = find("MobileNetV2")


def spec_with(tmp_path: Path, trainable: str | int, **more: object) -> TrainSpec:
    table = split_of_cells(tmp_path / "cells", images=80)
    model = {"cut": "block_1_expand_relu", "weights": "random", "epochs": 2, "trainable": trainable, **more}
    return spec_of(table, tmp_path / "out", name="MobileNetV2", **model)


def trained(spec: TrainSpec) -> Fitted:
    rows = pd.read_parquet(spec.parts)
    with stream_of(spec, maps_to_compute(spec, ROW, rows)) as stream:
        return train_tail(spec, ROW, rows, stream)


def changed(before: Any, after: Any) -> list[str]:
    """Names of the layers whose weights differ."""
    pairs = zip(inner_of(before).layers, inner_of(after).layers, strict=True)
    return [one.name for one, other in pairs if not same(one.get_weights(), other.get_weights())]


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("trainable", "learnt"), [(3, {"block_1_expand", "block_1_expand_BN"}), ("all", {"Conv1"})])
def test_what_lies_above_the_boundary_learns(trainable: str | int, learnt: set[str], tmp_path: Path) -> None:
    spec = spec_with(tmp_path, trainable)
    fitted = trained(spec)
    keras.utils.set_random_seed(spec.train.seed)
    found = set(changed(features_of(ROW, spec.model, None), fitted.network))
    assert found == learnt if trainable == 3 else found > learnt
    assert len(fitted.rows) == 80 and len(fitted.curves) == 2 and fitted.cut == "block_1_expand_relu"
    assert_saved_says(fitted, tmp_path)


def assert_saved_says(fitted: Fitted, tmp_path: Path) -> None:
    """The network that is saved says of every image what was told of it."""
    fitted.network.save(tmp_path / "model.keras")
    pixels = np.stack([np.asarray(cell(index, infected=index % 2 == 0)) for index in range(80)])
    said = keras.models.load_model(tmp_path / "model.keras").predict(pixels, verbose=0)[:, 0]
    assert np.allclose(said, fitted.probability, atol=1e-4)


def test_what_lies_below_is_run_once_and_a_skip_connection_moves_the_place_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_with(tmp_path, 5, cut=["block_1_expand_relu", "block_2_add"], views=2)  # block_1's tap lies below
    first = trained(spec)
    said = capsys.readouterr().out
    # The last five of block_2 learn; its skip connection goes round all of them.
    assert "run once up to block_1_project_BN, 1,728 numbers an image; at block_2_depthwise several paths cross" in said
    assert said.count("runs MobileNetV2") == 4  # for the head and for the layers, images and views
    assert_saved_says(first, tmp_path)
    again = trained(spec.model_copy(update={"checkpoints": tmp_path / "none"}))
    said = capsys.readouterr().out
    assert "runs MobileNetV2" not in said and "views 2/2, 0 images to see" in said
    assert same(first.network.get_weights(), again.network.get_weights())


def test_only_frozen_backbones_have_a_boundary() -> None:
    with pytest.raises(SettingsError, match=r"compact is trained whole, got trainable 3"):
        resolve(Model(name="compact", trainable=3), None, Train(), Lecture())
