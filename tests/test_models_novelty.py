"""What is unlike the training set is told by how the training set is spread, at the share that validation allows."""

import numpy as np
import pytest

from smearflow.models.novelty import AXES, STATISTICS, fit_novelty, some
from smearflow.registry.serving import statistics
from tests.trained_cells import cell


def rows(count: int, seed: int, features: int = 40) -> np.ndarray:
    """Images as they are described: 40 features that hang together, one that never changes, and statistics."""
    draw = np.random.default_rng(seed)
    apart = np.random.default_rng(0).normal(0, 1, (8, features))
    related = draw.normal(0, 1, (count, 8)) @ apart + draw.normal(0, 0.1, (count, features))
    return np.concatenate([related, np.full((count, 1), 3.0), draw.normal(5, 2, (count, STATISTICS))], axis=1)


def test_as_many_unseen_images_count_as_strangers_as_validation_was_allowed() -> None:
    novelty = fit_novelty(rows(1000, 1), rows(1000, 2), 0.05)
    flagged = np.mean(novelty.distance(rows(2000, 3)) >= novelty.threshold)
    assert flagged == pytest.approx(0.05, abs=0.02)
    assert novelty.axes.shape == (41 + STATISTICS, 2 * AXES)


def test_distances_of_the_training_set_are_about_one() -> None:
    training = rows(1000, 1)
    distance = fit_novelty(training, rows(200, 2), 0.01).distance(training)
    assert np.mean(distance**2) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("column", [0, -1], ids=["a feature", "a statistic"])
def test_a_stranger_by_features_or_by_statistics_alone_is_told(column: int) -> None:
    novelty = fit_novelty(rows(1000, 1), rows(500, 2), 0.01)
    strange = rows(50, 3)
    strange[:, column] += 60
    assert (novelty.distance(strange) >= novelty.threshold).all()


def test_what_never_varied_in_training_says_nothing() -> None:
    novelty = fit_novelty(rows(1000, 1), rows(500, 2), 0.01)
    changed = rows(50, 3)
    before = novelty.distance(changed)
    changed[:, 40] += 0.5
    assert novelty.distance(changed) == pytest.approx(before)


def test_a_handful_of_images_is_enough_to_say_something() -> None:
    novelty = fit_novelty(rows(5, 1), rows(3, 2), 0.01)
    assert np.isfinite(novelty.threshold) and np.isfinite(novelty.axes).all()


def test_a_network_whose_features_are_all_dead_leaves_the_statistics_to_tell() -> None:
    training, validation, strange = rows(200, 1), rows(100, 2), rows(20, 3)
    for each in (training, validation, strange):
        each[:, :41] = 0
    strange[:, -1] += 60
    novelty = fit_novelty(training, validation, 0.01)
    assert novelty.axes.shape == (41 + STATISTICS, AXES)
    assert (novelty.distance(strange) >= novelty.threshold).all()


def test_some_rows_come_from_all_over() -> None:
    import pandas as pd

    table = pd.DataFrame({"path": range(10)})
    assert some(table, 4)["path"].tolist() == [0, 3, 6, 9]
    assert some(table, 20)["path"].tolist() == list(range(10))


def test_statistics_of_a_picture_are_those_that_numpy_gives() -> None:
    pixels = np.stack([np.asarray(cell(seed, seed % 2 == 0)) for seed in range(3)])
    told, scaled = statistics(pixels), pixels / 255
    on_cell = [each[each.mean(axis=-1) > 12 / 255] for each in scaled]
    assert told[:, :3] == pytest.approx(scaled.mean(axis=(1, 2)), abs=1e-5)
    assert told[:, 3:6] == pytest.approx(scaled.std(axis=(1, 2)), abs=1e-4)
    assert told[:, 6:9] == pytest.approx(np.stack([each.mean(axis=0) for each in on_cell]), abs=1e-5)
    assert told[:, 9:12] == pytest.approx(np.stack([each.std(axis=0) for each in on_cell]), abs=1e-4)
    steps = np.diff(scaled.mean(axis=-1), axis=2)
    assert told[:, 12] == pytest.approx(np.abs(steps).mean(axis=(1, 2)), abs=1e-5)
    assert told[:, 18] == pytest.approx([len(each) / 32**2 for each in on_cell], abs=1e-5)


def test_a_black_picture_has_statistics_too() -> None:
    assert np.isfinite(statistics(np.zeros((1, 8, 8, 3), np.uint8))).all()
