"""Plants what goes wrong with real image folders among drawn cells: an example of each reason of the manifest.

Every fault is an extra file (the drawn cells stay as they are), made from one of the cells and named like it, so that
its patient can be told. ``unreadable`` is a file without read permission: as root, whom no permission stops, it can't
be had and isn't planted. Its other ways (a failing disk, a name that vanished) can't be put into a folder.
"""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
Planted = tuple[str, str]  # path below the folder, reason
IGNORED = "ignored"  # not a reason: what isn't an image is counted, and not scanned
THIRD_CLASS = "Leukocyte"
BOMB_SIDE = 16_000  # pixels: 256 million of them in 31 kB


def plant_faults(folder: Path, positive: str, negative: str) -> list[Planted]:
    """Add the faulty files to the cells in ``folder``/<class>; what was planted: (path, reason), a row a file."""
    return list(_plant(folder, positive, negative))


@dataclass(frozen=True)
class Fault:
    """A way in which one file is wrong by itself."""

    reason: str
    suffix: str
    make: Callable[[Picture], bytes]  # from a good cell


def _plant(folder: Path, positive: str, negative: str) -> Iterator[Planted]:
    good = [sorted((folder / name).glob("*.png")) for name in (positive, negative)]
    for number, fault in enumerate(OF_ONE_FILE):
        source = good[number % 2][number // 2]
        yield _write(folder, _sibling(source, f"f{number}", fault.suffix), fault.make(_pixels(source)), fault.reason)
    of_many = number // 2 + 1
    yield from _misplaced(folder, good[0][of_many], good[1][of_many])
    yield from _forbidden(folder, good[1][of_many + 1])
    for parent in good[0][0].parent, good[1][0].parent:
        yield _write(folder, parent / "Thumbs.db", b"\xd0\xcf\x11\xe0" + bytes(508), IGNORED)
        yield _write(folder, parent / f"._{good[0][0].name}", b"\x00\x05\x16\x07" + bytes(78), IGNORED)
    yield _write(folder, folder / ".DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(24), IGNORED)


def _misplaced(folder: Path, infected: Path, uninfected: Path) -> Iterator[Planted]:
    """Good images in the wrong place: twice in a class, in both classes, in a class that nobody asked for."""
    yield _write(folder, _sibling(uninfected, "copy", ".png"), uninfected.read_bytes(), "duplicate")
    turned = _png(np.rot90(_pixels(infected)))
    for parent in infected.parent, uninfected.parent:
        yield _write(folder, parent / _sibling(infected, "turned", ".png").name, turned, "label_conflict")
    (folder / THIRD_CLASS).mkdir()
    for turns in 2, 3:
        name = _sibling(infected, f"white{turns}", ".png").name
        yield _write(folder, folder / THIRD_CLASS / name, _png(np.rot90(_pixels(infected), turns)), "unknown_class")


def _forbidden(folder: Path, source: Path) -> Iterator[Planted]:
    path = _sibling(source, "forbidden", ".png")
    planted = _write(folder, path, _png(np.flipud(_pixels(source))), "unreadable")
    path.chmod(0)
    if os.access(path, os.R_OK):
        path.unlink()
    else:
        yield planted


def _write(folder: Path, path: Path, content: bytes, reason: str) -> Planted:
    path.write_bytes(content)
    return path.relative_to(folder).as_posix(), reason


def _sibling(source: Path, addition: str, suffix: str) -> Path:
    """A name beside ``source``, of the same patient, that sorts after it: of two duplicates it is the second."""
    return source.with_name(f"{source.stem}_{addition}{suffix}")


def _pixels(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _png(picture: Picture) -> bytes:
    return _encoded(Image.fromarray(np.ascontiguousarray(picture)), "PNG")


def _cut_in_half(cell: Picture) -> bytes:
    return (whole := _png(cell))[: len(whole) // 2]


def _cut_at_the_end(cell: Picture) -> bytes:
    """Without its last six bytes: Pillow's ``load`` takes it for whole."""
    return _png(cell)[:-6]


def _jpeg_cut_in_half(cell: Picture) -> bytes:
    return (whole := _encoded(Image.fromarray(cell), "JPEG"))[: len(whole) // 2]


def _flipped_bits(cell: Picture) -> bytes:
    """Eight bytes of the compressed pixels turned over, as a bad copy leaves them: the checksum tells."""
    whole = bytearray(_png(cell))
    start = whole.index(b"IDAT") + len(whole) // 3
    whole[start : start + 8] = bytes(byte ^ 0xFF for byte in whole[start : start + 8])
    return bytes(whole)


def _text(_: Picture) -> bytes:
    return b"<html><body><h1>404 Not Found</h1></body></html>\n"


def _bomb(_: Picture) -> bytes:
    """A sound black-and-white PNG, row for row too large for memory once it is RGB. Written without holding it."""
    deflate = zlib.compressobj(9)
    rows = b"".join(deflate.compress(bytes(1 + BOMB_SIDE // 8)) for _ in range(BOMB_SIDE)) + deflate.flush()
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _printers_colours(cell: Picture) -> bytes:
    return _encoded(Image.fromarray(cell).convert("CMYK"), "JPEG", quality=90)


def _sixteen_bits(cell: Picture) -> bytes:
    return _encoded(Image.fromarray(cell.mean(-1).astype(np.uint16) * 257), "PNG")


def _animated(cell: Picture) -> bytes:
    frames = [Image.fromarray(np.roll(cell, shift, axis=1)) for shift in (0, 4, 8)]
    return _encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


def _resized(width: int, height: int) -> Callable[[Picture], bytes]:
    return lambda cell: _png(np.asarray(Image.fromarray(cell).resize((width, height))))


def _black(cell: Picture) -> bytes:
    return _png(np.zeros_like(cell))


def _even(cell: Picture) -> bytes:
    """A field between cells: plasma, and nothing on it."""
    return _png(np.full_like(cell, (236, 226, 214)))


def _overexposed(cell: Picture) -> bytes:
    """The lamp too bright, more so to one side: most of the cell is white."""
    gain = np.linspace(1.3, 4.0, cell.shape[1])[None, :, None]
    return _png(np.clip(cell * gain, 0, 255).astype(np.uint8))


def _out_of_focus(cell: Picture) -> bytes:
    import cv2

    return _png(np.asarray(cv2.GaussianBlur(cell, (0, 0), cell.shape[1] / 12), np.uint8))


OF_ONE_FILE: Sequence[Fault] = (
    Fault("zero_bytes", ".png", lambda _: b""),
    Fault("truncated", ".png", _cut_in_half),
    Fault("truncated", ".png", _cut_at_the_end),
    Fault("truncated", ".jpg", _jpeg_cut_in_half),
    Fault("corrupt", ".png", _flipped_bits),
    Fault("not_an_image", ".png", _text),
    Fault("bomb", ".png", _bomb),
    Fault("mode", ".jpg", _printers_colours),
    Fault("mode", ".png", _sixteen_bits),
    Fault("mode", ".png", _animated),
    Fault("size", ".png", _resized(12, 14)),
    Fault("size", ".png", _resized(640, 600)),
    Fault("blank", ".png", _black),
    Fault("blank", ".png", _even),
    Fault("overexposed", ".png", _overexposed),
    Fault("blurred", ".png", _out_of_focus),
)
