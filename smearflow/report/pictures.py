"""Pictures for a page: small, squared, re-encoded from pixels alone, so that nothing written in a file travels."""

import base64
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from smearflow.registry.serving import DECODER_ERRORS, to_rgb

QUALITY = 85  # of JPEG, 0-100
GAP = 2  # pixels between the cells of a sheet
MARGIN = (128, 128, 128)  # of a sheet: between black crops, on a light page or a dark one
SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def thumbnail(file: Path, side: int, max_pixels: int) -> bytes | None:
    """The image at ``file`` as a JPEG of ``side`` x ``side`` pixels, its proportions kept, on black.

    None where it can't be decoded, or has more than ``max_pixels`` pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of files that the manifest has a reason against
            with Image.open(file) as image:
                if image.width * image.height > max_pixels:
                    return None
                return jpeg(squared(to_rgb(image), side))
    except DECODER_ERRORS:
        return None


def shrunk(file: Path, width: int) -> bytes:
    """The picture at ``file`` as a JPEG at most ``width`` pixels wide. Raises OSError where it can't be read."""
    with Image.open(file) as image:
        picture = to_rgb(image)
        if picture.width > width:
            size = (width, max(1, round(picture.height * width / picture.width)))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        return jpeg(picture)


def png(file: Path) -> bytes | None:
    """The image at ``file``, whatever its format, as a PNG of all its pixels; None where it can't be decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                bare = to_rgb(image)
                bare.info.clear()
                return _encoded(bare, format="PNG", compress_level=1)
    except DECODER_ERRORS:
        return None


def contact_sheet(rows: Sequence[Sequence[Image.Image]], side: int) -> bytes:
    """A PNG of pictures in rows, each in a square of ``side`` pixels. Raises ValueError where there is none."""
    columns = max(len(row) for row in rows)
    step = side + GAP
    sheet = Image.new("RGB", (columns * step + GAP, len(rows) * step + GAP), MARGIN)
    for down, row in enumerate(rows):
        for along, picture in enumerate(row):
            sheet.paste(squared(to_rgb(picture), side), (GAP + along * step, GAP + down * step))
    return _encoded(sheet, format="PNG", optimize=True)


def squared(picture: Image.Image, side: int) -> Image.Image:
    """An RGB picture shrunk or enlarged into the middle of a black square of ``side`` pixels."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    square = Image.new("RGB", (side, side))
    fitted = picture.resize((width, height), Image.Resampling.LANCZOS)
    square.paste(fitted, ((side - width) // 2, (side - height) // 2))
    return square


def jpeg(picture: Image.Image) -> bytes:
    """An RGB picture as JPEG, without the comments and EXIF that it came with."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    return _encoded(bare, format="JPEG", quality=QUALITY, optimize=True)


def data_url(picture: Path | bytes) -> str:
    """A PNG or JPEG as an address that holds the picture itself. Raises ValueError for other bytes."""
    data = picture if isinstance(picture, bytes) else picture.read_bytes()
    kind = next((mime for start, mime in SIGNATURES.items() if data.startswith(start)), None)
    if kind is None:
        raise ValueError("neither PNG nor JPEG")
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=format, **options)
    return buffer.getvalue()
