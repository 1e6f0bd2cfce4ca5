"""Plants what goes wrong with real image folders among drawn cells: an example of each reason, and of what is no image.

Every fault is an extra entry (the drawn cells stay as they are), made from one of the cells and named like it, so that
its patient can be told. ``unreadable`` is a file without read permission: as root, whom no permission stops, it can't
be had and isn't planted. Its other ways (a failing disk, a name that vanished) can't be put into a folder.

What has to be said of each is a reason of the manifest, or one of these:

converted        used, and named in the column ``converted``
near_duplicate   used, and in a pair with the cell that it is a changed copy of
ignored          set apart: not an image by its name, or hidden
nested           set apart: a copy in a nested tree
link             set apart: not followed
"""

import contextlib
import os
from collections.abc import Iterator
from itertools import chain, cycle
from pathlib import Path

import numpy as np
from PIL import Image

from smearflow.data.fault_files import ALIKE, CONVERTED, OF_ONE_FILE, Fault, Picture, lit, png
from smearflow.data.smear_drawing import draw_cell, draw_slide
from smearflow.data.sources import printable_path

Planted = tuple[str, str, str]  # path below the folder as the manifest names it, what has to be said, what it is
THIRD_CLASS = "Leukocyte"
INNER = "cell_images"  # the nested tree
ELSEWHERE = "/usr"  # where the link out of the folder points to


def plant_faults(folder: Path, positive: str, negative: str) -> list[Planted]:
    """Add the faulty entries to the cells in ``folder``/<class>; what was planted, a row an entry.

    Two rows are of drawn cells: those that a planted copy in the other class puts in doubt.
    """
    return list(_plant(folder, positive, negative))


def _plant(folder: Path, positive: str, negative: str) -> Iterator[Planted]:
    good = [sorted((folder / name).glob("*.png")) for name in (positive, negative)]
    pairs = cycle(zip(*good, strict=False))  # with 60 cells, each is used once
    for plant in _misplaced, _doubted, _oddly_named, _nested, _links:
        yield from plant(folder, *next(pairs))
    singles = chain.from_iterable(pairs)
    for number, fault in enumerate((*OF_ONE_FILE, *ALIKE)):
        yield _spoilt(folder, next(singles), f"f{number}", fault)
    for number, fault in enumerate(CONVERTED):
        source = next(singles)
        yield _converted(folder, source, number, fault, source.parent.name == positive)
    yield from _forbidden(folder, next(singles))
    yield from _no_images(folder, *good)


def _spoilt(folder: Path, source: Path, addition: str, fault: Fault) -> Planted:
    path = _sibling(source, addition, fault.suffix)
    return _write(folder, path, fault.make(_pixels(source)), fault.reason, fault.what)


def _converted(folder: Path, source: Path, number: int, fault: Fault, infected: bool) -> Planted:
    """A cell that is drawn for it: stored otherwise, one of the others would be a changed copy of it."""
    draw = np.random.default_rng([number, 1])
    picture = draw_cell(draw, draw_slide(draw), infected).picture
    path = _sibling(source, fault.what.replace(" ", ""), fault.suffix)
    return _write(folder, path, fault.make(picture), fault.reason, fault.what)


def _misplaced(folder: Path, infected: Path, uninfected: Path) -> Iterator[Planted]:
    """Good images in the wrong place: twice in a class, in both classes, in a class that nobody asked for."""
    copy = _sibling(uninfected, "copy", ".png")
    yield _write(folder, copy, uninfected.read_bytes(), "duplicate", "a copy, byte by byte")
    turned = png(np.rot90(_pixels(infected)))
    for parent in infected.parent, uninfected.parent:
        path = parent / _sibling(infected, "turned", ".png").name
        yield _write(folder, path, turned, "label_conflict", "a turned copy, in both classes")
    yield _in_doubt(folder, infected)
    (folder / THIRD_CLASS).mkdir()
    for turns in 2, 3:
        path = folder / THIRD_CLASS / _sibling(infected, f"white{turns}", ".png").name
        yield _write(folder, path, png(np.rot90(_pixels(infected), turns)), "unknown_class", "in a class not asked for")


def _doubted(folder: Path, infected: Path, uninfected: Path) -> Iterator[Planted]:
    """A changed copy in the other class: one of the two labels is wrong."""
    path = uninfected.parent / _sibling(infected, "darker", ".png").name
    darker = png(lit(_pixels(infected), 0.85))
    yield _write(folder, path, darker, "label_conflict", "a darker copy, in the other class")
    yield _in_doubt(folder, infected)


def _in_doubt(folder: Path, drawn: Path) -> Planted:
    return _named(folder, drawn), "label_conflict", "a drawn cell, of which a copy is in the other class"


def _oddly_named(folder: Path, infected: Path, uninfected: Path) -> Iterator[Planted]:
    """Cut off, so that they have to be named; the second isn't UTF-8, which some file systems refuse."""
    names = {infected: "two\nlines, and a comma", uninfected: os.fsdecode(b"caf\xe9")}
    for source, name in names.items():
        with contextlib.suppress(OSError):
            path, content = _sibling(source, name, ".png"), source.read_bytes()[:-6]
            yield _write(folder, path, content, "truncated", "cut by six bytes, under an odd name")


def _forbidden(folder: Path, source: Path) -> Iterator[Planted]:
    path = _sibling(source, "forbidden", ".png")
    planted = _write(folder, path, png(np.flipud(_pixels(source))), "unreadable", "no permission to read it")
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.unlink()
    else:
        yield planted


def _nested(folder: Path, *drawn: Path) -> Iterator[Planted]:
    """A second tree in the first, as in a common copy of the NLM set."""
    for source in drawn:
        path = folder / INNER / source.relative_to(folder)
        path.parent.mkdir(parents=True)
        yield _write(folder, path, source.read_bytes(), "nested", "a copy in a nested tree")


def _no_images(folder: Path, *good: list[Path]) -> Iterator[Planted]:
    for drawn in good:
        shadow = f"._{good[0][0].name}"
        thumbs = drawn[0].parent / "Thumbs.db"
        yield _write(folder, thumbs, b"\xd0\xcf\x11\xe0" + bytes(508), "ignored", "Windows' thumbnails")
        for parent in drawn[0].parent, folder / "__MACOSX" / drawn[0].parent.name:
            parent.mkdir(parents=True, exist_ok=True)
            yield _write(
                folder, parent / shadow, b"\x00\x05\x16\x07" + bytes(78), "ignored", "macOS's shadow of a file"
            )
    yield _write(
        folder, folder / ".DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(24), "ignored", "macOS's view of a folder"
    )


def _links(folder: Path, infected: Path, uninfected: Path) -> Iterator[Planted]:
    """What makes a scan that follows links run round, or away."""
    targets = {"loop": (infected, "..", "a link to the folder above"), "away": (uninfected, ELSEWHERE, "a link out")}
    for addition, (source, target, what) in targets.items():
        path = _sibling(source, addition, "")
        path.symlink_to(target)
        yield _named(folder, path), "link", what


def _write(folder: Path, path: Path, content: bytes, reason: str, what: str) -> Planted:
    path.write_bytes(content)
    return _named(folder, path), reason, what


def _named(folder: Path, path: Path) -> str:
    return printable_path(path.relative_to(folder).as_posix())


def _sibling(source: Path, addition: str, suffix: str) -> Path:
    """A name beside ``source``, of the same patient, that sorts after it: of two duplicates it is the second."""
    return source.with_name(f"{source.stem}_{addition}{suffix}")


def _pixels(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
