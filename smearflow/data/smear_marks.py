"""What can be seen on a drawn cell: parasites in infected ones, and what is taken for them in all.

A mark is an optical density (Beer-Lambert: light times exp(-density)), so that the same stain comes out magenta on a
pink cell and violet on a blue one, as it does under a microscope. Lengths scale with ``unit``, the diameter in pixels
of a usual cell of the patient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Draw = np.random.Generator

SOOT = np.array([0.95, 1.0, 0.85], np.float32)  # precipitated stain: nearly black
PLATELET = np.array([0.62, 0.85, 0.30], np.float32)  # less red passes than through a parasite: bluer
GLASS = np.array([0.8, 0.8, 0.8], np.float32)  # refraction: grey, whatever the stain


@dataclass(frozen=True)
class Mark:
    """One thing on a cell, in a square patch of odd side around its centre."""

    kind: str
    density: Floats  # (side, side, 3): what it takes from red, green and blue; below 0 it is paler than the cell
    body: NDArray[np.bool_]  # (side, side): the pixels that are it
    attached: bool = True  # to the cell: what hangs over the outline belongs to the crop


Maker = Callable[[Draw, float, Floats], Mark]


def ring(draw: Draw, unit: float, purple: Floats) -> Mark:
    """A young parasite: a thin ring of cytoplasm around a paler vacuole, with one chromatin dot on it, or two."""
    radius = unit * draw.uniform(0.07, 0.14)
    x, y = _turned(draw, _square(2.1 * radius), draw.uniform(0.65, 1.0))
    angle = np.arctan2(y, x)
    distance = np.hypot(x, y) / _wobble(draw, angle, 0.1)
    dot_angle = draw.uniform(-np.pi, np.pi)
    thick = max(0.9, radius * draw.uniform(0.08, 0.17))
    uneven = draw.uniform(0.1, 0.5) + np.cos((angle - dot_angle - draw.uniform(-0.9, 0.9)) / 2) ** 2
    cytoplasm = draw.uniform(0.25, 0.6) * uneven * np.exp(-(((distance - radius) / thick) ** 2))
    vacuole = draw.uniform(0.0, 0.08) * _soft(radius - distance, 1.5)
    dots = np.zeros_like(cytoplasm)
    for turn in (0.0,) if draw.random() < 0.85 else (0.0, draw.uniform(0.6, 1.4)):
        dots = np.maximum(dots, _chromatin(draw, x, y, radius, dot_angle + turn))
    density = _uptake(draw) * (cytoplasm + dots) - vacuole
    return _mark("ring", density, purple, body=(distance < radius + thick) | (dots > 0.15))


def trophozoite(draw: Draw, unit: float, purple: Floats) -> Mark:
    """An older parasite: an irregular, dense body with a darker nucleus."""
    radius = unit * draw.uniform(0.04, 0.095)
    x, y = _turned(draw, _square(2.2 * radius), draw.uniform(0.5, 1.0))
    shape = _rough_disc(draw, x, y, radius, roughness=0.22, softness=0.9)
    nucleus = _rough_disc(draw, x - 0.3 * radius, y, 0.5 * radius, roughness=0.2, softness=1.0)
    density = shape * draw.uniform(0.45, 0.95) * _grain(draw, len(x), 0.75, 1.15) + nucleus * draw.uniform(0.3, 0.7)
    return _mark("trophozoite", _uptake(draw) * density, purple, body=shape > 0.3)


def platelet(draw: Draw, unit: float, purple: Floats) -> Mark:
    """A platelet: pale, granular, rounder than a parasite, with a light halo. Bluer than a parasite, or nearly so."""
    radius = unit * draw.uniform(0.06, 0.115)
    x, y = _turned(draw, _square(2.2 * radius), draw.uniform(0.7, 1.0))
    shape = _rough_disc(draw, x, y, radius, roughness=0.12, softness=1.6)
    halo = _soft(1.35 * radius - np.hypot(x, y), 1.2) - shape
    density = shape * draw.uniform(0.3, 0.7) * _grain(draw, len(x), 0.35, 1.55) - 0.07 * np.clip(halo, 0, 1)
    return _mark("platelet", density, _mixed(PLATELET, purple, draw.uniform(0, 0.55)), body=shape > 0.15)


def specks(draw: Draw, unit: float, purple: Floats) -> Mark:
    """Precipitated stain: one to six small dark dots near one another, without a body around them."""
    reach = 0.16 * unit
    x, y = _square(reach + 6)
    density = np.zeros_like(x)
    for _ in range(draw.integers(1, 7)):
        at = draw.uniform(-reach, reach, 2)
        dot = _rough_disc(draw, x - at[0], y - at[1], unit * draw.uniform(0.009, 0.025), roughness=0.3, softness=0.6)
        density = np.maximum(density, dot * draw.uniform(0.5, 1.3))
    return _mark("specks", density, _mixed(SOOT, purple, draw.uniform(0, 0.55)), body=density > 0.2, attached=False)


def bubble(draw: Draw, unit: float, purple: Floats) -> Mark:
    """A refractile spot, as drying leaves: bright inside, with a thin grey edge. Takes no stain."""
    radius = unit * draw.uniform(0.045, 0.11)
    x, y = _turned(draw, _square(1.8 * radius), draw.uniform(0.55, 1.0))
    angle = np.arctan2(y, x)
    distance = np.hypot(x, y) / _wobble(draw, angle, 0.16)
    uneven = draw.uniform(0.1, 0.5) + np.cos((angle - draw.uniform(-np.pi, np.pi)) / 2) ** 2
    edge = draw.uniform(0.15, 0.4) * uneven * np.exp(-(((distance - radius) / max(1.1, 0.16 * radius)) ** 2))
    light = draw.uniform(0.04, 0.2) * _soft(0.9 * radius - distance, 1.6)
    return _mark("bubble", edge - light, _mixed(GLASS, purple, draw.uniform(0, 0.4)), body=distance < radius)


PARASITES: tuple[Maker, ...] = (ring, trophozoite)
DISTRACTORS: tuple[Maker, ...] = (platelet, specks, bubble)


def _mark(kind: str, density: Floats, colour: Floats, body: NDArray[np.bool_], attached: bool = True) -> Mark:
    return Mark(kind, (density[..., None] * colour).astype(np.float32), body, attached)


def _uptake(draw: Draw) -> float:
    """How much of the stain a parasite took, 0.3-1.1: one in six took little, and is easily missed."""
    return float(draw.uniform(0.3, 0.6) if draw.random() < 1 / 6 else draw.uniform(0.75, 1.1))


def _mixed(first: Floats, second: Floats, share: float) -> Floats:
    """The optical density of two stains together, ``share`` of it the second's."""
    return (1 - share) * first + share * second


def _chromatin(draw: Draw, x: Floats, y: Floats, radius: float, angle: float) -> Floats:
    """A dense dot on a ring of ``radius`` at ``angle``, longer along the ring than across it."""
    across = x * np.cos(angle) + y * np.sin(angle) - radius
    along = y * np.cos(angle) - x * np.sin(angle)
    size = max(2.0, radius * draw.uniform(0.2, 0.36))
    distance = np.hypot(across, along / draw.uniform(1.0, 1.9))
    return np.asarray(draw.uniform(0.65, 1.4) * _soft(size - distance, 0.7), np.float32)


def _square(half: float) -> tuple[Floats, Floats]:
    """x and y of a square patch's pixels, centre 0, each (side, side)."""
    reach = np.arange(-int(np.ceil(half)), int(np.ceil(half)) + 1, dtype=np.float32)
    return np.broadcast_to(reach, (len(reach),) * 2), np.broadcast_to(reach[:, None], (len(reach),) * 2)


def _turned(draw: Draw, grid: tuple[Floats, Floats], narrow: float) -> tuple[Floats, Floats]:
    """The grid turned at random, and one axis stretched, so that a disc on it comes out ``narrow`` times as wide."""
    x, y = grid
    turn = draw.uniform(0, np.pi)
    return x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / narrow


def _soft(inside: Floats, softness: float) -> Floats:
    """0 to 1: how far a pixel is inside an edge (``inside`` pixels, below 0 outside) that is ``softness`` wide."""
    return np.asarray(1 / (1 + np.exp(np.clip(-inside / softness, -30, 30))), np.float32)


def _rough_disc(draw: Draw, x: Floats, y: Floats, radius: float, roughness: float, softness: float) -> Floats:
    """0 to 1: a disc whose radius wobbles with the angle by about the share ``roughness``."""
    return _soft(radius * _wobble(draw, np.arctan2(y, x), roughness) - np.hypot(x, y), softness)


def _wobble(draw: Draw, angle: Floats, roughness: float) -> Floats:
    """Factors about 1 of a radius, by ``angle``: a shape that isn't quite a circle."""
    factor = np.ones_like(angle)
    for waves in (2, 3, 5):
        factor += draw.normal(0, roughness / waves) * np.cos(waves * angle + draw.uniform(0, 2 * np.pi))
    return np.maximum(factor, 0.3)


def _grain(draw: Draw, side: int, least: float, most: float) -> Floats:
    """Factors of about ``least`` to ``most`` in round grains a few pixels wide, (side, side)."""
    import cv2

    fine = cv2.GaussianBlur(draw.standard_normal((side, side), np.float32), (0, 0), 1.2)
    return np.asarray((least + most) / 2 + (most - least) * fine)  # blurred so, the deviation is 0.24
