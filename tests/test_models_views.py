"""Views of training images: the same ones every time, seen once, and only by the head (20 s)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smearflow.errors import SettingsError
from smearflow.models.backbones import find, resolve
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted
from smearflow.models.frozen import features_to_compute, train_frozen
from smearflow.models.spec import TrainSpec
from smearflow.models.views import gathered, shown, view_digest
from smearflow.settings import Augment, Lecture, Model, Train
from tests.trained_cells import cell, spec_of, split_of_cells

BACKBONE = find("MobileNetV2")
TURNS = Augment(width_shift=0, height_shift=0, brightness=(1, 1), zoom=(1, 1))


@pytest.fixture
def spec(tmp_path: Path) -> TrainSpec:
    """Three views of 120 training images among 200."""
    table = split_of_cells(tmp_path / "cells", images=200)
    how = {"cut": "block_1_expand_relu", "weights": "random", "epochs": 2, "views": 3}
    return spec_of(table, tmp_path / "out", name="MobileNetV2", **how)


@pytest.fixture
def rows(spec: TrainSpec) -> pd.DataFrame:
    return pd.read_parquet(spec.parts)


def trained(spec: TrainSpec, rows: pd.DataFrame) -> Fitted:
    with stream_of(spec, features_to_compute(spec, BACKBONE, rows)) as stream:
        return train_frozen(spec, BACKBONE, rows, stream)


def said_of_views(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("views")]


def test_an_image_is_seen_once_a_view_and_an_added_one_costs_its_own(
    spec: TrainSpec, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(spec, rows[1:])  # the first is an image to train on
    assert said_of_views(capsys) == ["views 2/3, 119 images to see", "views 3/3, 119 images to see"]
    first = trained(spec, rows)
    assert said_of_views(capsys) == ["views 2/3, 1 images to see", "views 3/3, 1 images to see"]
    second = trained(spec, rows)
    assert said_of_views(capsys) == ["views 2/3, 0 images to see", "views 3/3, 0 images to see"]
    for one, other in zip(first.network.get_weights(), second.network.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_the_saved_model_says_what_was_cached_of_images_as_they_are(spec: TrainSpec, rows: pd.DataFrame) -> None:
    fitted = trained(spec, rows)
    pixels = np.stack([np.asarray(cell(index, infected=index % 2 == 0)) for index in range(200)])
    assert np.allclose(fitted.network.predict(pixels, verbose=0)[:, 0], fitted.probability, atol=1e-4)
    alone = trained(spec.model_copy(update={"model": spec.model.model_copy(update={"views": 1})}), rows)
    assert not np.array_equal(alone.probability, fitted.probability)


def test_a_view_follows_from_image_seed_and_number_and_not_from_its_neighbours(spec: TrainSpec) -> None:
    pixels = np.stack([np.asarray(cell(index, infected=True)) for index in range(6)])
    digests = [f"{index:064x}" for index in range(6)]
    views = shown(pixels, digests, spec, 1)
    assert np.array_equal(shown(pixels[::-1], digests[::-1], spec, 1), views[::-1])
    assert not np.array_equal(shown(pixels, digests, spec, 2), views)
    other = spec.model_copy(update={"train": spec.train.model_copy(update={"seed": 2})})
    assert not np.array_equal(shown(pixels, digests, other, 1), views)


def test_flips_and_quarter_turns_alone_lose_nothing(spec: TrainSpec) -> None:
    pixels = np.stack([np.asarray(cell(index, infected=True)) for index in range(20)])
    views = shown(pixels, [f"{n:064x}" for n in range(20)], spec.model_copy(update={"augment": TURNS}), 1)
    for image, view in zip(pixels, views, strict=True):
        turned = [np.rot90(each, turns) for each in (image, image[::-1]) for turns in range(4)]
        assert any(np.array_equal(view, each) for each in turned)


def test_another_augmentation_or_seed_has_views_of_its_own(spec: TrainSpec) -> None:
    turned = spec.model_copy(update={"augment": TURNS})
    reseeded = spec.model_copy(update={"train": spec.train.model_copy(update={"seed": 2})})
    digests = [view_digest(*each) for each in ((spec, "a", 1), (spec, "a", 2), (spec, "b", 1), (turned, "a", 1))]
    assert len({*digests, view_digest(reseeded, "a", 1)}) == 5
    assert view_digest(spec.model_copy(update={"out": Path("elsewhere")}), "a", 1) == digests[0]


def test_an_image_stands_for_a_view_that_is_missing(tmp_path: Path) -> None:
    digests = [f"{n:064x}" for n in range(3)]
    images, view = FeatureCache(tmp_path / "images"), FeatureCache(tmp_path / "view")
    images.add(digests, np.arange(3, dtype=np.float32).reshape(-1, 1))
    view.add(digests[1:], np.array([[11], [12]], np.float32))
    assert gathered(images, [view], digests)[:, 0].tolist() == [0, 1, 2, 0, 11, 12]


@pytest.mark.parametrize("model", [{"name": "compact"}, {"name": "MobileNetV2", "trainable": "all"}])
def test_who_sees_images_anew_in_every_epoch_has_no_views(model: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"sees images anew in every epoch, got views 4"):
        resolve(Model.model_validate({**model, "views": 4}), None, Train(), Lecture())
