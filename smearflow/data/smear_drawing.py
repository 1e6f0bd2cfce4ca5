"""Draws one synthetic red blood cell: an irregular outline on black, in the stain and light of its patient.

Made to look like the NLM crops: the black begins at an outline that was segmented three pixels coarse, a light rim
of plasma runs along it, and what hangs over it (a parasite at the edge, a platelet beside it) is taken along.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smearflow.data.smear_marks import DISTRACTORS, PARASITES, Draw, Floats, Mark

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # x0 y0 x1 y1, pixels of the crop; x1 and y1 lie just outside

STEP = 3  # pixels of the outline's stairs
WIDEST, TALLEST = 394, 385  # of the NLM crops
UNUSUAL = 0.008  # share of cells that are fragments or clumps: the ends of the NLM range of sizes

# Mean colour of a cell under nine stains and lights, as seen in NLM slides, RGB.
STAINS = np.array(
    [
        (208, 152, 146),
        (205, 132, 140),
        (214, 158, 140),
        (192, 160, 150),
        (168, 148, 172),
        (182, 172, 190),
        (150, 154, 196),
        (168, 176, 198),
        (182, 104, 146),
    ],
    np.float32,
)
STAIN_SHARES = np.array([0.2, 0.15, 0.12, 0.13, 0.1, 0.1, 0.07, 0.08, 0.05])


@dataclass(frozen=True)
class Slide:
    """What all cells of a patient share: stain, light, microscope."""

    cell: Floats  # (3,) colour of a cell, RGB 0-255
    plasma: Floats  # (3,) colour of what is between cells
    purple: Floats  # (3,) optical density of the parasite stain
    unit: float  # diameter of a usual cell, pixels
    pallor: float  # how much lighter the middle is, 0-0.2
    light: Floats  # (2,) change of brightness across the cell, along x and y
    blur: float  # of the optics, pixels
    noise: float  # of the camera, grey values


@dataclass(frozen=True)
class Cell:
    """A drawn cell, and the truth about it."""

    picture: Picture  # (height, width, 3) RGB, black outside the cell
    kinds: tuple[str, ...]  # of the marks: parasites first, in the order of ``boxes``
    boxes: tuple[Box, ...]  # one a parasite


def draw_slide(draw: Draw) -> Slide:
    """The stain, light and microscope of one patient."""
    cell = STAINS[draw.choice(len(STAINS), p=STAIN_SHARES)] * draw.uniform(0.92, 1.05) + draw.normal(0, 3.5, 3)
    glow = np.array([238, 230, 214]) + draw.normal(0, 6, 3)
    purple = np.array([0.36, 1.05, 0.2]) + draw.normal(0, (0.06, 0.08, 0.06))
    return Slide(
        cell=cell.astype(np.float32),
        plasma=(0.35 * cell + 0.65 * glow).astype(np.float32),
        purple=purple.astype(np.float32),
        unit=draw.normal(125, 8),
        pallor=draw.uniform(0, 0.16),
        light=draw.uniform(-0.05, 0.05, 2).astype(np.float32),
        blur=draw.uniform(0.6, 1.0),
        noise=draw.uniform(2.7, 4.5),
    )


def draw_cell(draw: Draw, slide: Slide, infected: bool) -> Cell:
    """One cell of the slide. Its outline, size and shading are drawn alike whether it is ``infected`` or not."""
    mask = _outline(draw, slide.unit)
    marks = _marks(draw, slide, infected)
    mask, density, places = lay_marks(draw, mask, marks)
    window, corner = _window(mask)
    picture = _paint(draw, slide, mask[window], density[window])
    parasites = [maker.__name__ for maker in PARASITES]
    boxes = [
        _box(mark, place, corner, picture.shape[:2])
        for mark, place in zip(marks, places, strict=True)
        if mark.kind in parasites
    ]
    return Cell(picture, tuple(mark.kind for mark in marks), tuple(boxes))


def _marks(draw: Draw, slide: Slide, infected: bool) -> list[Mark]:
    """What is on the cell. Uninfected ones carry more distractors, so that they aren't the lighter, plainer ones."""
    parasites = draw.choice([1, 2, 3], p=[0.76, 0.2, 0.04]) if infected else 0
    distractors = draw.choice(4, p=[0.6, 0.3, 0.1, 0] if infected else [0.28, 0.42, 0.24, 0.06])
    makers = [PARASITES[i] for i in draw.choice(len(PARASITES), parasites, p=[0.58, 0.42])]
    makers += [DISTRACTORS[i] for i in draw.choice(len(DISTRACTORS), distractors, p=[0.5, 0.28, 0.22])]
    return [maker(draw, slide.unit, slide.purple) for maker in makers]


def _outline(draw: Draw, unit: float) -> Mask:
    """A cell's shape, 0 or 1, on a canvas with room for its tail."""
    import cv2

    size = unit * np.exp(draw.normal(0, 0.09))
    lobes = 1
    if draw.random() < UNUSUAL:
        lobes = int(draw.integers(1, 4))
        size = min(size, TALLEST / 3.1) if lobes > 1 else draw.uniform(54, 75)
    side = int((size * (1 + 0.75 * (lobes - 1)) + 0.7 * unit) / STEP)
    mask = np.zeros((side, side), np.uint8)
    for lobe in range(lobes):
        ahead = 0.75 * size * (lobe - (lobes - 1) / 2)
        cv2.fillPoly(mask, [_contour(draw, size, (side / 2 + ahead / STEP, side / 2))], 1)
    if draw.random() < 0.14:
        _bite(draw, mask, size)
    if draw.random() < 0.07:
        _tail(draw, mask, size)
    if lobes > 1 and draw.random() < 0.5:
        mask = mask.T
    return np.asarray(np.kron(mask, np.ones((STEP, STEP), np.uint8)))


def _contour(draw: Draw, size: float, centre: tuple[float, float]) -> NDArray[np.int32]:
    """The closed outline of a cell ``size`` pixels across, in steps of the mask, (90, 1, 2)."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    bumpy = 0.008 + draw.exponential(0.014)
    radius = np.full_like(angle, size / 2 / STEP)
    for waves in range(2, 9):
        radius *= 1 + draw.normal(0, bumpy / np.sqrt(waves - 1)) * np.cos(waves * angle + draw.uniform(0, 2 * np.pi))
    long, turn = np.sqrt(1 + abs(draw.normal(0, 0.13))), draw.uniform(0, np.pi)
    x, y = radius * np.cos(angle) * long, radius * np.sin(angle) / long
    turned = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], -1)
    return np.rint(turned + centre).astype(np.int32)[:, None]


def _rim(draw: Draw, mask: Mask) -> NDArray[np.int32]:
    """A point at random on the rim of the shape: x, y in pixels of ``mask``."""
    import cv2

    (outline, *_), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(outline[draw.integers(len(outline)), 0], np.int32)


def _bite(draw: Draw, mask: Mask, size: float) -> None:
    """Take away where a neighbouring cell lay over this one."""
    import cv2

    x, y = _rim(draw, mask)
    cv2.circle(mask, (int(x), int(y)), int(size / STEP * draw.uniform(0.05, 0.16)), 0, -1)


def _tail(draw: Draw, mask: Mask, size: float) -> None:
    """Draw out a tip, as smearing does."""
    import cv2

    rim, middle = _rim(draw, mask), np.array(mask.shape) / 2
    tip = rim + (rim - middle) * draw.uniform(0.15, 0.45)
    side = (rim - middle)[::-1] * (1, -1) * draw.uniform(0.25, 0.5)
    end = side * draw.uniform(0.1, 0.4)
    cv2.fillPoly(mask, [np.rint([middle + side, tip + end, tip - end, middle - side]).astype(np.int32)], 1)


def lay_marks(draw: Draw, mask: Mask, marks: list[Mark]) -> tuple[Mask, Floats, list[tuple[int, int]]]:
    """Put the marks on the cell: the mask with what hangs over, the density of all (h, w, 3), and their corners (x, y).

    ``mask`` (0 or 1) comes back with as much room around it as the largest mark may need at its very edge.
    """
    import cv2

    mask = np.pad(mask, max((len(mark.body) // 2 for mark in marks), default=0) + 1)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    density, places = np.zeros((*mask.shape, 3), np.float32), []
    for mark in marks:
        half = len(mark.body) // 2
        y, x = _place(draw, depth, mark)
        spot = slice(y - half, y + half + 1), slice(x - half, x + half + 1)
        density[spot] += mark.density
        mask[spot] |= mark.body & mark.attached
        depth[spot][mark.body] = 0  # no room for the next one
        places.append((x - half, y - half))
    return mask, density, places


def _place(draw: Draw, depth: Floats, mark: Mark) -> tuple[int, int]:
    """A centre for the mark: y, x. Two platelets in three lie on the rim; the others anywhere that has room."""
    room = np.sqrt(mark.body.sum() / np.pi)
    if mark.kind == "platelet" and draw.random() < 0.65:
        allowed = (depth > 0) & (depth < 0.5 * room)
    else:
        allowed = depth > min(room * draw.uniform(0.5, 1.4), 0.8 * depth.max())
    places = np.flatnonzero(allowed)
    y, x = divmod(int(places[draw.integers(len(places))]), depth.shape[1])
    return y, x


def _window(mask: Mask) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """The part of the canvas that the cell covers, within the greatest crop, and its corner (x, y)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = int(rows[0]), int(columns[0])
    bottom, right = min(int(rows[-1]) + 1, top + TALLEST), min(int(columns[-1]) + 1, left + WIDEST)
    return (slice(top, bottom), slice(left, right)), (left, top)


def _box(mark: Mark, place: tuple[int, int], corner: tuple[int, int], shape: tuple[int, int]) -> Box:
    """Where the mark's body lies in the crop."""
    rows, columns = np.flatnonzero(mark.body.any(1)), np.flatnonzero(mark.body.any(0))
    x, y = place[0] - corner[0], place[1] - corner[1]
    right, bottom = min(x + int(columns[-1]) + 1, shape[1]), min(y + int(rows[-1]) + 1, shape[0])
    return max(0, x + int(columns[0])), max(0, y + int(rows[0])), right, bottom


def _paint(draw: Draw, slide: Slide, mask: Mask, density: Floats) -> Picture:
    """Colour, shading, marks, optics and camera, black outside: (height, width, 3) RGB."""
    import cv2

    height, width = mask.shape
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    rim = np.exp(-np.maximum(depth[1:-1, 1:-1] - 1, 0) / 1.3) * np.float32(draw.uniform(0.35, 0.85))
    cell = slide.cell * (1 + draw.normal(0, 0.012, 3) + draw.normal(0, 0.02)).astype(np.float32)
    light = _shading(draw, slide, height, width)[..., None] * (cell + rim[..., None] * (slide.plasma - cell))
    light = cv2.GaussianBlur(light * np.exp(-density), (0, 0), slide.blur * draw.uniform(0.85, 1.3))
    noise = draw.standard_normal((height, width), np.float32)
    light += slide.noise * cv2.GaussianBlur(noise, (5, 5), 0.8)[..., None]
    return np.asarray(np.clip(light, 1, 255).astype(np.uint8) * mask[..., None])


def _shading(draw: Draw, slide: Slide, height: int, width: int) -> Floats:
    """Brightness about 1, (height, width): the lamp's slope, the paler middle, and soft unevenness."""
    import cv2

    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    along, across = draw.normal(0, 0.12, 2)
    narrow = draw.uniform(0.3, 0.65)
    middle = np.exp(-((((x - along) ** 2 + (y - across) ** 2) / narrow**2) ** draw.uniform(0.8, 1.8)))
    clouds = cv2.resize(
        draw.normal(0, 0.012, (6, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    pallor = slide.pallor * draw.uniform(0.1, 1.5)
    return np.asarray(1 + slide.light[0] * x + slide.light[1] * y + pallor * middle + clouds, np.float32)
