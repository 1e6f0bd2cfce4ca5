"""Copies are found however they were changed; other cells aren't, and work grows with the pictures."""

import cv2
import numpy as np
import pytest

from smearflow.data import lookalikes
from smearflow.data.lookalikes import SIDE, Pictures, candidates, find_pairs, likeness_of, orientations, spectra

LEAST = 0.93
BIG = 120  # pixels of a cell before it is shrunk


def cells(count: int, seed: int = 0) -> Pictures:
    """Discs on black, each with a few dark blots and a texture of its own: (count, 120, 120)."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : BIG * 1j, -1 : 1 : BIG * 1j]
    made = []
    for _ in range(count):
        wide, high = draw.uniform(0.6, 1, 2)
        grey = 170 + cv2.GaussianBlur(draw.normal(0, 300, (BIG, BIG)), (0, 0), 4)
        for down, along, size in draw.uniform([-0.5, -0.5, 0.08], [0.5, 0.5, 0.2], (3, 3)):
            grey -= 60 * np.exp(-((y - down) ** 2 + (x - along) ** 2) / size**2)
        grey[(x / wide) ** 2 + (y / high) ** 2 > 0.95] = 0
        made.append(grey.clip(0, 255).astype(np.uint8))
    return np.stack(made)


def small(pictures: list[Pictures] | Pictures) -> Pictures:
    """Whatever their sizes, as the search takes them."""
    return np.stack([cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in pictures])


def jpeg(picture: Pictures, quality: int) -> Pictures:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def scaled(picture: Pictures, factor: float) -> Pictures:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR), np.uint8)


def brighter(picture: Pictures, factor: float) -> Pictures:
    return np.clip(picture * factor, 0, 255).astype(np.uint8)


CHANGES = {
    "encoded anew": lambda p: jpeg(p, 70),
    "shrunk by 30 %": lambda p: scaled(p, 0.7),
    "enlarged by 30 %": lambda p: scaled(p, 1.3),
    "a quarter turn": lambda p: np.rot90(p),
    "half a turn": lambda p: np.rot90(p, 2),
    "mirrored": lambda p: p[:, ::-1],
    "upside down": lambda p: p[::-1],
    "20 % darker": lambda p: brighter(p, 0.8),
    "20 % brighter": lambda p: brighter(p, 1.2),
    "all at once": lambda p: jpeg(brighter(np.rot90(scaled(p, 0.8))[:, ::-1], 0.85), 80),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_copies_are_found_among_other_cells_and_nothing_else(change) -> None:
    originals = cells(120)
    copies = [change(picture) for picture in originals[:40]]
    found = find_pairs(np.concatenate([small(originals), small(copies)]), LEAST)
    met = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert len(set(met) & {(at, 120 + at) for at in range(40)}) >= 39
    assert all(second == first + 120 for first, second in met)
    assert found.likeness.min() >= LEAST


def test_likeness_is_the_correlation_of_pixels_after_a_blur_at_the_best_orientation() -> None:
    one, other = small(cells(2))
    sharp = [p - cv2.GaussianBlur(p.astype(np.float64), (0, 0), 3, borderType=cv2.BORDER_REFLECT) for p in (one, other)]
    lying = [np.rot90(flipped, k) for flipped in (sharp[1], sharp[1][::-1]) for k in range(4)]
    expected = max(np.corrcoef(sharp[0].ravel(), p.ravel())[0, 1] for p in lying)
    assert likeness_of(one[None], other[None])[0] == pytest.approx(expected, abs=0.003)


def test_traits_of_a_turned_picture_are_those_of_the_picture_in_another_order() -> None:
    picture = small(cells(1))
    turned = np.ascontiguousarray(np.rot90(picture, axes=(1, 2)))
    first, second = (orientations(spectra(p, 12))[0] for p in (picture, turned))
    apart = np.linalg.norm(first[:, None] - second[None], axis=2)
    assert apart.min(axis=1).max() < 1e-4


def test_a_picture_without_texture_is_like_no_other() -> None:
    grey = np.full((3, SIDE, SIDE), 128, np.uint8)
    assert len(find_pairs(grey, LEAST).first) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_compare(count: int) -> None:
    assert len(find_pairs(small(cells(1))[:count].reshape(count, SIDE, SIDE), LEAST).first) == 0


def test_no_more_than_a_fixed_number_of_neighbours_is_compared_even_where_all_are_the_same() -> None:
    same = np.repeat(small(cells(1)), 3000, axis=0)
    first, _ = candidates(spectra(same, lookalikes.MIDDLE), LEAST)
    assert len(first) <= lookalikes.TABLES * lookalikes.NEIGHBOURS * len(same)


def test_the_same_pictures_give_the_same_pairs() -> None:
    pictures = small(np.concatenate([cells(50), cells(50)[::2, ::-1]]))
    one, again = find_pairs(pictures, LEAST), find_pairs(pictures, LEAST)
    assert one.first.tolist() == again.first.tolist() and one.second.tolist() == again.second.tolist()
    assert sorted(zip(one.first, one.second, strict=True)) == list(zip(one.first, one.second, strict=True))


def test_real_cells_that_two_sets_share_are_found_and_no_others(shared) -> None:
    files = sorted(shared("data/malaria_cells").rglob("*.png"))
    cell = [np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8) for file in files]
    squared = [cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA) for picture in cell[:100]]
    found = find_pairs(np.concatenate([small(cell), small(squared)]), LEAST)
    assert {(at, len(cell) + at) for at in range(100)} == set(
        zip(found.first.tolist(), found.second.tolist(), strict=True)
    )
