"""Parasites and what is taken for them, as optical densities."""

import numpy as np
import pytest

from smearflow.data.smear_marks import DISTRACTORS, PARASITES, Maker, ring

PURPLE = np.array([0.36, 1.05, 0.2], np.float32)


@pytest.mark.parametrize("maker", PARASITES + DISTRACTORS, ids=lambda maker: maker.__name__)
@pytest.mark.parametrize("seed", range(20))
def test_a_mark_is_a_square_patch_named_after_its_maker(maker: Maker, seed: int) -> None:
    mark = maker(np.random.default_rng(seed), 130.0, PURPLE)
    side = len(mark.body)
    assert mark.kind == maker.__name__
    assert side % 2 == 1 and mark.body.shape == (side, side) and mark.density.shape == (side, side, 3)
    assert mark.body.any() and not mark.body[[0, -1]].any() and not mark.body[:, [0, -1]].any()


@pytest.mark.parametrize("maker", PARASITES, ids=lambda maker: maker.__name__)
def test_a_parasite_takes_green_out_of_the_light_most_and_blue_least(maker: Maker) -> None:
    taken = maker(np.random.default_rng(0), 130.0, PURPLE).density.sum(axis=(0, 1))
    assert taken[1] > taken[0] > taken[2] > 0


def test_a_mark_grows_with_the_cell() -> None:
    small, large = (ring(np.random.default_rng(0), unit, PURPLE).body.sum() for unit in (80.0, 160.0))
    assert 3 < large / small < 5
