"""Augmentation makes cells that can exist: exact pixels where it can, black from outside, the same for a seed."""

from dataclasses import replace

import numpy as np
import pytest

from smearflow.models.augmentation import augment_sheet, augmentation_layer, augmented, changed, unchanged
from smearflow.settings import Augment

NOTHING = Augment(
    horizontal_flip=False,
    vertical_flip=False,
    quarter_turns=False,
    width_shift=0,
    height_shift=0,
    zoom=(1, 1),
    brightness=(1, 1),
)


def only(**changes: object) -> Augment:
    return NOTHING.model_copy(update=changes)


@pytest.fixture(scope="module")
def cells() -> np.ndarray:
    """Eight images of noise, all different, 21 pixels square: no symmetry hides a mistake."""
    return np.random.default_rng(0).integers(1, 256, (8, 21, 21, 3), dtype=np.uint8)


def test_with_everything_off_nothing_changes(cells: np.ndarray) -> None:
    assert np.array_equal(augment_sheet(cells, NOTHING, seed=1, copies=2), np.stack([cells, cells], axis=1))


def test_flips_and_quarter_turns_move_pixels_and_change_none(cells: np.ndarray) -> None:
    sheet = augment_sheet(cells, only(horizontal_flip=True, vertical_flip=True, quarter_turns=True), seed=3, copies=24)
    met = set()
    for cell, copies in zip(cells, sheet, strict=True):
        turned = [np.rot90(cell, turn) for turn in range(4)]
        possible = [*turned, *(each[:, ::-1] for each in turned)]
        for copy in copies:
            which = [index for index, each in enumerate(possible) if np.array_equal(copy, each)]
            assert len(which) == 1
            met.update(which)
    assert met == set(range(8))  # all eight ways of laying a cell down


def test_a_mirror_alone_mirrors_its_own_axis(cells: np.ndarray) -> None:
    for copy in augment_sheet(cells[:1], only(horizontal_flip=True), seed=0, copies=8)[0]:
        assert np.array_equal(copy, cells[0]) or np.array_equal(copy, cells[0][:, ::-1])


def test_what_moves_in_from_outside_is_black() -> None:
    white = np.full((16, 20, 20, 3), 255, np.uint8)
    moved = augment_sheet(white, only(width_shift=0.4, height_shift=0.4), seed=0, copies=1)[:, 0]
    assert (moved == 0).any(axis=(1, 2, 3)).mean() > 0.8
    assert ((moved == 0) | (moved == 255)).mean() > 0.9  # but for one blended edge
    smaller = augment_sheet(white, only(zoom=(2, 2)), seed=0, copies=1)[:, 0]
    assert smaller[0, 0, 0, 0] == 0
    assert smaller[0, 10, 10, 0] == 255


def test_a_zoom_below_one_enlarges() -> None:
    dot = np.zeros((1, 21, 21, 3), np.uint8)
    dot[0, 8:13, 8:13] = 255
    larger = augment_sheet(dot, only(zoom=(0.5, 0.5)), seed=0, copies=1)[0, 0]
    assert (larger > 127).sum() > 3 * (dot > 127).sum()


def test_brightness_multiplies_so_that_black_stays_black(cells: np.ndarray) -> None:
    cells = cells.copy()
    cells[:, :5] = 0
    dark = augment_sheet(cells, only(brightness=(0.5, 0.5)), seed=0, copies=1)[:, 0]
    assert (dark[:, :5] == 0).all()
    assert np.allclose(dark, cells * 0.5, atol=0.51)
    assert augment_sheet(cells, only(brightness=(2, 2)), seed=0, copies=1).max() == 255


def test_a_seed_gives_the_same_changes_again_and_another_gives_others(cells: np.ndarray) -> None:
    first, again, other = (augment_sheet(cells, Augment(), seed, copies=2) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[:, 0], first[:, 1])


def test_it_is_a_keras_layer_without_weights_that_gives_the_same_in_a_graph(cells: np.ndarray) -> None:
    import tensorflow as tf

    layer = augmentation_layer(Augment())
    pixels = tf.constant(cells, tf.float32)
    one = layer(pixels, seed=(3, 1))
    batches = tf.data.Dataset.from_tensors(pixels).map(lambda batch: layer(batch, seed=(3, 1)))
    assert layer.weights == []
    assert np.array_equal(one, next(iter(batches)))
    assert np.array_equal(one, augmented(pixels, Augment(), (3, 1)))


def test_given_values_are_applied_one_an_image(cells: np.ndarray) -> None:
    four = changed(cells[0], replace(unchanged(4), quarter_turns=np.arange(4, dtype=np.int32)))
    assert [np.array_equal(each, np.rot90(cells[0], turn)) for turn, each in enumerate(four)] == [True] * 4
