"""One drawn cell in many encodings, small, so that tests can spoil each of them at every byte."""

import struct
import zlib

import numpy as np
from drawn_cells import cell, encoded
from PIL import Image, PngImagePlugin

SIDE = 24  # pixels: the least that the settings take for a cell
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def small_cell(seed: int = 0) -> Image.Image:
    return cell(seed, SIDE)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def interlaced(image: Image.Image) -> bytes:
    """An RGB image as an interlaced PNG, which Pillow reads and doesn't write: seven passes (Adam7)."""
    pixels = np.asarray(image)
    passes = (pixels[top::down, left::along] for top, left, down, along in ADAM7)
    rows = b"".join(b"\0" + row.tobytes() for part in passes if part.shape[1] for row in part)
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def with_thumbnail(jpeg: bytes) -> bytes:
    """``jpeg`` with a whole smaller JPEG, end marker and all, in a segment before its scan, as cameras do."""
    inner = b"Exif\0\0" + encoded(small_cell().resize((8, 8)), "JPEG")
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(inner)) + inner + jpeg[2:]


def encodings() -> dict[str, bytes]:
    """Whole files, by what they are; the films (of two frames) are refused for that, all others fit to use."""
    drawn, film = small_cell(), {"save_all": True, "append_images": [small_cell(1)]}
    exif, notes = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x0112], exif[0x010E] = 6, "cell"
    notes.add_text("Comment", "drawn")
    notes.add_itxt("Comment", "drawn")
    found = {f"PNG {mode}": encoded(drawn.convert(mode)) for mode in ("L", "LA", "P", "RGB", "RGBA")}
    found["PNG with chunks"] = encoded(drawn, pnginfo=notes, exif=exif, dpi=(300, 300))
    found["PNG interlaced"] = interlaced(drawn)
    found["JPEG"] = encoded(drawn, "JPEG")
    found["JPEG progressive"] = encoded(drawn, "JPEG", progressive=True, exif=exif)
    found["JPEG with thumbnail"] = with_thumbnail(encoded(drawn, "JPEG"))
    found["JPEG with restarts"] = encoded(drawn, "JPEG", restart_marker_blocks=2)
    found |= {f"GIF {mode}": encoded(drawn.convert(mode), "GIF") for mode in ("L", "P")}
    found["GIF interlaced"] = encoded(drawn, "GIF", interlace=1, comment=b"drawn")
    found |= {f"BMP {mode}": encoded(drawn.convert(mode), "BMP") for mode in ("L", "P", "RGB")}
    kinds = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    found |= {f"TIFF {kind}": encoded(drawn, "TIFF", compression=kind) for kind in kinds}
    found["TIFF L"] = encoded(drawn.convert("L"), "TIFF", compression="tiff_lzw")
    found["TIFF BigTIFF"] = encoded(drawn, "TIFF", big_tiff=True)
    found["WEBP"] = encoded(drawn, "WEBP")
    found["WEBP lossless"] = encoded(drawn.convert("RGBA"), "WEBP", lossless=True)
    found |= {f"{form} film": encoded(drawn, form, **film) for form in ("PNG", "GIF", "WEBP")}
    return found
