"""Which pictures show the same thing: turned, mirrored, resized, re-encoded, brighter or darker.

Cells look alike, so likeness is decided on pixels: the correlation of two grey pictures of 48 x 48 pixels after a
strong blur was taken away, at the best of the eight orientations. The cosine transform (DCT-II) makes that cheap: there
the blur is a factor, mirroring a change of signs, turning a transposition more.

Who is compared with whom is found without comparing all with all, by locality-sensitive hashing: the signs of random
projections (Charikar 2002) of what orientation can change of the low frequencies. The smallest key of a picture's eight
orientations stands for the picture, so that copies meet however they lie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 48  # pixels of a picture
BLUR = 3.0  # pixels: what is blurred so is taken away. Shape and light go, texture and marks stay
TABLES = 24  # independent hash tables
LOW = 12  # frequencies a side that keys are made of
MIDDLE = 24  # frequencies a side that decide nearly all of the likeness
NEIGHBOURS = 32  # at most, that a picture is compared with in one table: so work grows with pictures, not their pairs
ROWS = 2048  # worked on at once
SEED = 48  # of the projections: the same for all data, so that no pair depends on other pictures

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

# Signs of the parity classes (even or odd down, even or odd along) under the four mirrorings.
MIRRORED = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32)


@dataclass(frozen=True)
class Pairs:
    """Pictures that show the same, by their numbers, first < second, sorted; likeness: correlation, -1 to 1."""

    first: Indices
    second: Indices
    likeness: Floats


def find_pairs(pictures: Pictures, least: float) -> Pairs:
    """All pairs of ``pictures`` (n, 48, 48) whose likeness is at least ``least`` (0-1) and which share a key."""
    middle = spectra(pictures, MIDDLE)
    first, second = candidates(middle, least)
    hopeful = _each(lambda one, other: at_most(middle[one], middle[other]), first, second) >= least
    first, second = first[hopeful], second[hopeful]
    likeness = _each(lambda one, other: likeness_of(pictures[one], pictures[other]), first, second)
    same = likeness >= least
    return Pairs(first[same], second[same], likeness[same])


def likeness_of(these: Pictures, those: Pictures) -> Floats:
    """Correlation of each of ``these`` with its counterpart in ``those``, at the best of eight orientations, (n,)."""
    return correlation(spectra(these, SIDE), spectra(those, SIDE))


def correlation(these: Floats, those: Floats) -> Floats:
    """Greatest product of spectra (n, even, even) over the eight orientations, (n,)."""
    mine, theirs = parities(these), parities(those)
    lying = np.einsum("npij,npij->np", mine, theirs)
    turned = np.einsum("npij,npij->np", mine, theirs[:, [0, 2, 1, 3]].transpose(0, 1, 3, 2))
    best: Floats = np.concatenate([lying @ MIRRORED, turned @ MIRRORED], axis=1).max(axis=1)
    return best


def at_most(these: Floats, those: Floats) -> Floats:
    """What the likeness can be at most, of which the spectra's low frequencies are known (Cauchy-Schwarz), (n,)."""
    missing = [np.clip(1 - np.einsum("nij,nij->n", low, low), 0, 1) for low in (these, those)]
    bound: Floats = correlation(these, those) + np.sqrt(missing[0] * missing[1])
    return bound


def _each(measure: Callable[[Indices, Indices], Floats], first: Indices, second: Indices) -> Floats:
    """``measure`` of all pairs, so many at once as fit into little memory."""
    starts = range(0, len(first), ROWS)
    parts = [measure(first[at : at + ROWS], second[at : at + ROWS]) for at in starts]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def spectra(pictures: Pictures, low: int) -> Floats:
    """Cosine coefficients without the blurred part, (n, low, low); of unit length were they all kept.

    A picture without any texture is zero throughout, and like no other.
    """
    waves = _waves()
    kept = 1 - np.outer(_passed(), _passed())
    found = np.empty((len(pictures), low, low), np.float32)
    for at in range(0, len(pictures), ROWS):
        some = pictures[at : at + ROWS].astype(np.float32)
        along = (some.reshape(-1, SIDE) @ waves.T).reshape(-1, SIDE, SIDE)  # one product of matrices, not one a picture
        down = along.swapaxes(1, 2).reshape(-1, SIDE) @ waves.T
        whole = down.reshape(-1, SIDE, SIDE).swapaxes(1, 2) * kept
        length = np.sqrt(np.einsum("nij,nij->n", whole, whole))
        found[at : at + ROWS] = whole[:, :low, :low] / np.maximum(length, 1e-3)[:, None, None]
    return found


def parities(spectrum: Floats) -> Floats:
    """Coefficients (n, even, even) by parity of their frequencies: (n, 4, half, half)."""
    return np.stack([spectrum[:, down::2, along::2] for down in (0, 1) for along in (0, 1)], axis=1)


def candidates(spectrum: Floats, least: float) -> tuple[Indices, Indices]:
    """Pairs that share a key and whose low frequencies are as near as a likeness of ``least`` makes them.

    A key has four bits more than it takes to number the pictures: chance meetings grow as they do, not as their pairs.
    """
    count = max(1, len(spectrum))
    traits = orientations(spectrum[:, :LOW, :LOW])
    draw = np.random.default_rng(SEED)
    bits = count.bit_length() + 4
    found = [_met(traits, draw.normal(size=(traits.shape[2], bits)).astype(np.float32), least) for _ in range(TABLES)]
    codes = np.unique(np.concatenate(found))
    return codes // count, codes % count


def orientations(spectrum: Floats) -> Floats:
    """What orientation can change of ``spectrum`` (n, low, low), in all eight: (n, 8, traits).

    The part that all orientations share is what all cells share, a round shape; without it keys spread evenly.
    """
    signs = MIRRORED[:, :, None, None]
    lying = parities(spectrum)
    turned = lying[:, [0, 2, 1, 3]].transpose(0, 1, 3, 2)
    eight = np.concatenate([lying[:, None] * signs, turned[:, None] * signs], axis=1)
    upper = np.triu_indices(eight.shape[-1], 1)
    even = eight[:, :, 0]
    odd = eight[:, :, 1:].reshape(*eight.shape[:2], 3 * eight.shape[3] * eight.shape[4])
    lopsided = (even - even.swapaxes(2, 3))[:, :, *upper] / np.sqrt(np.float32(2))
    traits: Floats = np.concatenate([odd, lopsided], axis=2)
    return traits


def _met(traits: Floats, directions: Floats, least: float) -> Indices:
    """Pairs (first * n + second) of one table: the same key, and traits near each other where it was found."""
    every = _keys(traits, directions)
    lies = every.argmin(axis=1)
    keys = every.min(axis=1)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found = []
    for step in range(1, min(NEIGHBOURS, len(keys) - 1) + 1):
        same = np.flatnonzero(ordered[step:] == ordered[:-step])
        if not len(same):
            break
        one, other = order[same], order[same + step]
        found.append(_near(traits, one, other, lies, least))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _keys(traits: Floats, directions: Floats) -> Indices:
    """The key of every picture in each of its orientations, (n, 8)."""
    sides = (traits.reshape(-1, traits.shape[2]) @ directions) > 0
    keys = np.zeros(len(sides), np.int64)
    for bit in sides.T:
        keys = 2 * keys + bit
    return keys.reshape(-1, 8)


def _near(traits: Floats, one: Indices, other: Indices, lies: Indices, least: float) -> Indices:
    """Of the pairs those whose traits are no farther apart than a likeness of ``least`` allows.

    Unit vectors of correlation c are sqrt(2 - 2c) apart, and a part of them no farther: nothing like is lost here.
    """
    apart = traits[one, lies[one]] - traits[other, lies[other]]
    near = np.einsum("nt,nt->n", apart, apart) <= 2 - 2 * least
    low, high = np.minimum(one[near], other[near]), np.maximum(one[near], other[near])
    codes: Indices = low * len(traits) + high
    return codes


@cache
def _waves() -> Floats:
    """The orthonormal DCT-II of SIDE points, (frequency, pixel)."""
    frequency, pixel = np.arange(SIDE)[:, None], np.arange(SIDE)[None, :]
    waves = np.sqrt(2 / SIDE) * np.cos(np.pi * frequency * (2 * pixel + 1) / (2 * SIDE))
    waves[0] /= np.sqrt(2)
    narrow: Floats = waves.astype(np.float32)
    return narrow


@cache
def _passed() -> Floats:
    """What a Gaussian blur of BLUR pixels, mirrored at the rims, leaves of each frequency."""
    passed: Floats = np.exp(-0.5 * (BLUR * np.pi * np.arange(SIDE) / SIDE) ** 2).astype(np.float32)
    return passed
