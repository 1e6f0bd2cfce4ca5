"""Cells that the tests of the data room draw themselves: a textured disc on black, in no time."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def cell(seed: int = 0, side: int = 96) -> Image.Image:
    """A sound cell of mode RGB, ``side`` pixels square; another seed, another cell."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    pixels = np.array([200, 150, 160]) + draw.normal(0, 6, (side, side, 3)) + 10 * x[..., None]
    pixels[(x**2 + y**2) > 0.9] = 0
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The bytes of a file with ``image`` in it."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def folder_of_cells(root: Path, patients: int = 4, each: int = 3) -> Path:
    """Two class folders below ``root`` with ``each`` cells of every patient."""
    for number, label in enumerate(("Parasitized", "Uninfected")):
        (root / label).mkdir(parents=True)
        for patient in range(patients):
            for index in range(each):
                seed = (patient * each + index) * 2 + number
                (root / label / f"C{patient}P{patient}ThinF_cell_{index}.png").write_bytes(encoded(cell(seed)))
    return root
