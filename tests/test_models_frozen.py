"""A frozen backbone: what was cached must be what is saved, and a second time nothing is computed (15 s)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from smearflow.errors import TrainingError
from smearflow.models import frozen, probe
from smearflow.models.backbones import find
from smearflow.models.engines import Array, Engine, LiteRt, TensorFlow
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted
from smearflow.models.frozen import features_to_compute, golden_of, train_frozen
from smearflow.models.spec import TrainSpec
from tests.trained_cells import cell, spec_of, split_of_cells

BACKBONE = find("MobileNetV2")


@pytest.fixture
def spec(tmp_path: Path) -> TrainSpec:
    table = split_of_cells(tmp_path / "cells", images=200)
    return spec_of(table, tmp_path, name="MobileNetV2", cut="block_1_expand_relu", weights="random", epochs=2)


@pytest.fixture
def rows(spec: TrainSpec) -> pd.DataFrame:
    return pd.read_parquet(spec.parts)


def trained(spec: TrainSpec, rows: pd.DataFrame) -> Fitted:
    """As a trainer does it, random weights from the seed included."""
    import keras

    keras.utils.set_random_seed(spec.train.seed)
    with stream_of(spec, features_to_compute(spec, BACKBONE, rows)) as stream:
        return train_frozen(spec, BACKBONE, rows, stream)


def test_the_second_time_nothing_is_computed_and_the_weights_are_the_same(
    spec: TrainSpec, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained(spec, rows)
    said = capsys.readouterr().out
    assert f"{first.engine} runs MobileNetV2, " in said and "features 200/200" in said
    assert "the assembled model agrees with its cached features to " in said
    assert len(first.rows) == len(first.probability) == 200
    assert (first.cut, first.trainable, len(first.curves)) == ("block_1_expand_relu", 2 * 96 + 1, 2)
    second = trained(spec, rows)
    said = capsys.readouterr().out
    assert "runs MobileNetV2" not in said and "features 200/200" in said
    assert (second.engine, second.features) == (first.engine, 0.0)
    for one, other in zip(first.network.get_weights(), second.network.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(first.probability, second.probability)


def test_probabilities_are_in_the_order_of_the_rows_and_the_saved_models(spec: TrainSpec, rows: pd.DataFrame) -> None:
    fitted = trained(spec, rows)
    pixels = np.stack([np.asarray(cell(index, infected=index % 2 == 0)) for index in range(200)])
    assert fitted.rows.equals(rows)
    assert np.allclose(fitted.network.predict(pixels, verbose=0)[:, 0], fitted.probability, atol=1e-4)


def test_it_trains_though_the_first_files_have_vanished(
    spec: TrainSpec, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "SAMPLE", 2)
    for path in rows["path"][:2]:
        (spec.root / path).unlink()
    fitted = trained(spec, rows)
    assert fitted.rows["path"].tolist() == rows["path"][2:].tolist()
    assert len(fitted.probability) == 198


class Coarse(TensorFlow):
    """An engine whose features pass for bfloat16 and are no good."""

    name, precision = "coarse", "bf16"

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        engine = super().load(folder, size, threads)

        def off(pixels: Array) -> Array:
            said = engine(pixels)
            return said + np.float32(0.1) * said.std(axis=0) * np.sign(np.arange(said.shape[1]) % 2 - 0.5)

        return off


@pytest.mark.parametrize("left", ["another engine", "none"])
def test_an_engine_whose_probabilities_are_off_makes_room_for_the_next(
    left: str, spec: TrainSpec, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runtimes = [Coarse(), *([LiteRt()] if left == "another engine" else [])]
    monkeypatch.setattr(probe, "runtimes_here", lambda precisions: runtimes)
    monkeypatch.setattr(probe, "AHEAD", 1e9)  # the first is taken
    monkeypatch.setattr(frozen, "CONTROL", 1e-4)
    if left == "none":
        with pytest.raises(TrainingError, match=r"No engine says what Keras says\. coarse: the assembled") as caught:
            trained(spec, rows)
        assert not caught.value.retryable  # the same work would end the same way
    else:
        assert trained(spec, rows).engine == "LiteRT"
        assert "coarse isn't used any more: the assembled model differs from its cached" in capsys.readouterr().out


def test_golden_images_are_from_all_over(spec: TrainSpec, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "SAMPLE", 2)
    golden, pixels = golden_of(spec, rows)
    assert golden.index.tolist() == [0, 100]
    assert np.array_equal(pixels, [np.asarray(cell(0, infected=True)), np.asarray(cell(100, infected=True))])
    (spec.root / rows["path"][0]).unlink()
    assert golden_of(spec, rows)[0].index.tolist() == [100]


def test_a_folder_that_is_gone_is_said_so(spec: TrainSpec, rows: pd.DataFrame) -> None:
    gone: Any = spec.model_copy(update={"root": spec.root / "gone"})
    with pytest.raises(TrainingError, match=r"None of 32 images, out of 200, can be read any more, the first: ") as c:
        golden_of(gone, rows)
    assert not c.value.retryable
    assert "--fresh" in c.value.fix
