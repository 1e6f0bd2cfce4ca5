"""How one image file goes wrong: an example of each reason of the manifest, made from a good cell."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smearflow.data.images import ORIENTATION

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
BOMB_SIDE = 16_000  # pixels: 256 million of them in 31 kB


@dataclass(frozen=True)
class Fault:
    """A way in which a file is wrong by itself, or is used and yet has to be told of."""

    reason: str  # of faults.csv (synthetic_faults.py)
    suffix: str
    what: str  # in few words
    make: Callable[[Picture], bytes]  # from a good cell


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(picture: Picture) -> bytes:
    return encoded(Image.fromarray(np.ascontiguousarray(picture)), "PNG")


def _cut_in_half(cell: Picture) -> bytes:
    return (whole := png(cell))[: len(whole) // 2]


def _cut_at_the_end(cell: Picture) -> bytes:
    """Without its last six bytes: Pillow's ``load`` takes it for whole."""
    return png(cell)[:-6]


def _jpeg_cut_in_half(cell: Picture) -> bytes:
    return (whole := encoded(Image.fromarray(cell), "JPEG"))[: len(whole) // 2]


def _gif_cut_at_the_end(cell: Picture) -> bytes:
    return encoded(Image.fromarray(cell), "GIF")[:-1]


def _flipped_bits(cell: Picture) -> bytes:
    """Eight bytes of the compressed pixels turned over, as a bad copy leaves them: the checksum tells."""
    whole = bytearray(png(cell))
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
    return encoded(Image.fromarray(cell).convert("CMYK"), "JPEG", quality=90)


def _sixteen_bits(cell: Picture) -> bytes:
    return encoded(Image.fromarray(cell.mean(-1).astype(np.uint16) * 257), "PNG")


def _animated(cell: Picture) -> bytes:
    frames = [Image.fromarray(np.roll(cell, shift, axis=1)) for shift in (0, 4, 8)]
    return encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


def _resized(width: int, height: int) -> Callable[[Picture], bytes]:
    return lambda cell: png(np.asarray(Image.fromarray(cell).resize((width, height))))


def _black(cell: Picture) -> bytes:
    return png(np.zeros_like(cell))


def _even(cell: Picture) -> bytes:
    """A field between cells: plasma, and nothing on it."""
    return png(np.full_like(cell, (236, 226, 214)))


def _overexposed(cell: Picture) -> bytes:
    """The lamp too bright, more so to one side: most of the cell is white."""
    gain = np.linspace(1.3, 4.0, cell.shape[1])[None, :, None]
    return png(np.clip(cell * gain, 0, 255).astype(np.uint8))


def _out_of_focus(cell: Picture) -> bytes:
    import cv2

    return png(np.asarray(cv2.GaussianBlur(cell, (0, 0), cell.shape[1] / 12), np.uint8))


def _see_through(cell: Picture) -> bytes:
    """The background cut away, white under it: only laid on black it is a cell like the others."""
    alpha = np.where(cell.any(axis=2), 255, 0).astype(np.uint8)
    shown = np.where(alpha[..., None] > 0, cell, 255).astype(np.uint8)
    return encoded(Image.fromarray(np.dstack([shown, alpha])), "PNG")


def _lying(cell: Picture) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be held a quarter turn clockwise
    return encoded(Image.fromarray(np.ascontiguousarray(np.rot90(cell))), "JPEG", quality=95, exif=exif)


def _few_bits(cell: Picture) -> bytes:
    """A BMP of 5 bits a channel, rows from the bottom up and padded to four bytes."""
    red, green, blue = (cell[::-1, :, channel].astype(np.uint16) >> 3 for channel in range(3))
    packed = (red << 10 | green << 5 | blue).astype("<u2")
    rows = np.pad(packed, ((0, 0), (0, cell.shape[1] % 2))).tobytes()
    header = struct.pack("<IiiHHIIiiII", 40, cell.shape[1], cell.shape[0], 1, 16, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + header + rows


def lit(cell: Picture, factor: float) -> Picture:
    """``cell`` under ``factor`` times the light."""
    bright: Picture = np.clip(cell * factor, 0, 255).astype(np.uint8)
    return bright


def _scaled(cell: Picture, factor: float) -> Picture:
    sides = round(cell.shape[1] * factor), round(cell.shape[0] * factor)
    return np.asarray(Image.fromarray(cell).resize(sides, Image.Resampling.LANCZOS))


OF_ONE_FILE: Sequence[Fault] = (
    Fault("zero_bytes", ".png", "nothing in it", lambda _: b""),
    Fault("truncated", ".png", "cut in half", _cut_in_half),
    Fault("truncated", ".png", "cut by six bytes, which decoders let pass", _cut_at_the_end),
    Fault("truncated", ".jpg", "a JPEG cut in half", _jpeg_cut_in_half),
    Fault("truncated", ".gif", "a GIF without its trailer, which decoders let pass", _gif_cut_at_the_end),
    Fault("corrupt", ".png", "eight bytes turned over", _flipped_bits),
    Fault("not_an_image", ".png", "a web page", _text),
    Fault("bomb", ".png", "256 million pixels in a small file", _bomb),
    Fault("mode", ".jpg", "printers' colours", _printers_colours),
    Fault("mode", ".png", "16 bits a channel", _sixteen_bits),
    Fault("mode", ".png", "animated", _animated),
    Fault("size", ".png", "12 x 14 pixels", _resized(12, 14)),
    Fault("size", ".png", "640 x 600 pixels", _resized(640, 600)),
    Fault("blank", ".png", "black", _black),
    Fault("blank", ".png", "plasma between cells", _even),
    Fault("overexposed", ".png", "too much light", _overexposed),
    Fault("blurred", ".png", "out of focus", _out_of_focus),
)

CONVERTED: Sequence[Fault] = (
    Fault("converted", ".png", "grey", lambda cell: encoded(Image.fromarray(cell).convert("L"), "PNG")),
    Fault("converted", ".png", "palette", lambda cell: encoded(Image.fromarray(cell).convert("P"), "PNG")),
    Fault("converted", ".png", "alpha", _see_through),
    Fault("converted", ".jpg", "rotated", _lying),
    Fault("converted", ".bmp", "few bits", _few_bits),
)

ALIKE: Sequence[Fault] = (
    Fault("near_duplicate", ".png", "turned by 90 degrees", lambda cell: png(np.rot90(cell))),
    Fault("near_duplicate", ".png", "brighter by 15 %", lambda cell: png(lit(cell, 1.15))),
    Fault("near_duplicate", ".png", "resized to 80 %", lambda cell: png(_scaled(cell, 0.8))),
    Fault("near_duplicate", ".jpg", "encoded as JPEG", lambda cell: encoded(Image.fromarray(cell), "JPEG", quality=90)),
)
