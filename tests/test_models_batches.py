"""Batches come in an order that follows from seed and pass, whoever asks, from memory or from a map."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smearflow.models.batches import batches, cached_of, in_order, order_of, pixels_of
from smearflow.models.fitted import Labelled
from smearflow.settings import Augment, Train

STILL = Augment(
    width_shift=0, height_shift=0, brightness=(1, 1), zoom=(1, 1),
    horizontal_flip=False, vertical_flip=False, quarter_turns=False,
)  # fmt: skip


def numbered(images: int, views: int = 1) -> Labelled:
    """What is cached of ``images``: number and view of each, and whether the number is even."""
    number, view = np.tile(np.arange(images), views), np.repeat(np.arange(views), images)
    return Labelled(np.stack([number, view], axis=1).astype(np.float32), number % 2 == 0)


def taken(dataset: object, count: int) -> list[tuple[np.ndarray, ...]]:
    return list(dataset.take(count).as_numpy_iterator())  # type: ignore[attr-defined]


def test_a_pass_has_one_view_of_each_image_with_its_label() -> None:
    feed = cached_of(numbered(7, views=3), 3, Train(batch_size=4, seed=5))
    (one, labels), (two, more) = taken(feed.batches(0), 2)
    rows, positive = np.concatenate([one, two]), np.concatenate([labels, more])[:, 0]
    assert rows[:, 0].tolist() == order_of(7, 5, 0).tolist()
    assert len(set(rows[:, 1])) > 1
    assert positive.tolist() == (rows[:, 0] % 2 == 0).tolist()
    assert feed.images == 7


def test_whoever_begins_in_the_middle_sees_what_comes_next() -> None:
    feed = cached_of(numbered(7, views=3), 3, Train(batch_size=4, seed=5))
    late, early = taken(feed.batches(1), 2), taken(feed.batches(0), 4)[2:]
    for (one, labels), (other, others) in zip(late, early, strict=True):
        assert np.array_equal(one, other) and np.array_equal(labels, others)


def test_pixels_on_disk_are_batched_as_those_in_memory(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    mapped, positive = np.load(tmp_path / "pixels.npy", mmap_mode="r"), np.arange(10) < 5
    for augment in (Augment(), STILL):
        sets = (taken(batches(Labelled(each, positive), augment, 4, 1), 3) for each in (pixels, mapped))
        for (one, labels), (other, others) in zip(*sets, strict=True):
            assert np.array_equal(one, other) and np.array_equal(labels, others)
    assert np.array_equal(np.concatenate(list(in_order(mapped, 4).as_numpy_iterator())), pixels)


def test_weights_travel_with_their_images() -> None:
    images, how = numbered(7), Train(batch_size=4, seed=5)
    weighed = replace(images, weight=images.inputs[:, 0])
    for feed in (cached_of(weighed, 1, how), pixels_of(pictures(weighed), STILL, how)):
        batch = taken(feed.batches(0), 2)
        assert [each[2].tolist() for each in batch] == [order_of(7, 5, 0)[:4].tolist(), order_of(7, 5, 0)[4:].tolist()]
    assert [len(each) for each in taken(cached_of(images, 1, how).batches(0), 1)] == [2]
    balanced = cached_of(images, 1, Train(batch_size=7, class_weights="balanced"))
    assert taken(balanced.batches(0), 1)[0][2].sum() == pytest.approx(7)


def pictures(numbers: Labelled) -> Labelled:
    """Blank pictures instead of ``numbers``."""
    return replace(numbers, inputs=np.zeros((len(numbers.inputs), 32, 32, 3), np.uint8))
