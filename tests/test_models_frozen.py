"""A frozen backbone: what was cached must be what is saved, and a few vanished files are no reason to fail (8 s)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.errors import TrainingError
from smearflow.models import frozen
from smearflow.models.backbones import find
from smearflow.models.frozen import check_agreement, sample_of, train_frozen
from smearflow.models.pixels import PixelStream
from tests.trained_cells import SIDE, cell, spec_of, split_of_cells

PIXELS = np.stack([np.asarray(cell(seed, infected=False)) for seed in range(8)])


@pytest.fixture(scope="module")
def bright() -> Any:
    """A network that says how bright an image is, 0-1."""
    pixels = keras.Input((SIDE, SIDE, 3))
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 765)(pixels))
    return keras.Model(pixels, keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)(mean))


def test_a_model_that_says_what_its_cache_said_passes(bright: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check_agreement(bright, PIXELS, PIXELS.mean(axis=(1, 2, 3)) / 255)
    assert capsys.readouterr().out.startswith("the assembled model agrees with its cached features to ")


@pytest.mark.parametrize("off", [0.01, np.nan])
def test_a_model_that_says_something_else_is_no_result(bright: Any, off: float) -> None:
    with pytest.raises(TrainingError, match=r"differs from its cached features by (0.01|nan) in probability") as caught:
        check_agreement(bright, PIXELS, PIXELS.mean(axis=(1, 2, 3)) / 255 + off)
    assert not caught.value.retryable  # the same work would end the same way


def test_the_images_to_agree_on_are_from_all_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "SAMPLE", 2)
    files = [tmp_path / f"{index}.png" for index in range(5)]
    for index in (0, 2):
        cell(index, infected=False).save(files[index])
    assert np.array_equal(sample_of(files, SIDE), PIXELS[[0, 2]])


def test_a_folder_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"None of 2 images, out of 2, can be read any more, the first: .*a.png"
    ) as c:
        sample_of([tmp_path / "a.png", tmp_path / "b.png"], SIDE)
    assert not c.value.retryable
    assert "--fresh" in c.value.fix


def test_it_trains_though_the_first_files_have_vanished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "SAMPLE", 2)
    table = split_of_cells(tmp_path / "cells", images=200)
    rows = pd.read_parquet(table)
    files = [table.parent / path for path in rows["path"]]
    for file in files[:2]:
        file.unlink()
    spec = spec_of(table, tmp_path, name="MobileNetV2", cut="block_1_expand_relu", weights="random", epochs=2)
    with PixelStream(files, SIDE, workers=1) as stream:
        fitted = train_frozen(spec, find("MobileNetV2"), rows, stream)
    assert len(fitted.rows) == len(fitted.probability) == 198
    assert fitted.network.predict(PIXELS[:1], verbose=0).shape == (1, 1)
    assert (fitted.cut, fitted.trainable, len(fitted.curves)) == ("block_1_expand_relu", 2 * 96 + 1, 2)
