"""One image file: read once, decoded once, measured; or the reason why it can't be.

Order of the checks is the order of manifest.REASONS, from the bytes to what they show.
"""

import contextlib
import hashlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from smearflow.data.completeness import JPEG_START, PNG_START, Flaw, check_complete
from smearflow.data.manifest import STATISTICS
from smearflow.registry.serving import to_rgb
from smearflow.settings import Quality

Row = dict[str, Any]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# Decoders that may run (JPEG's opens MPO too). Pillow has forty; some call other programs.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
# What of Pillow's modes becomes 8-bit RGB without loss, and what to call that.
KINDS = {"1": "bilevel", "L": "grey", "LA": "grey", "P": "palette", "PA": "palette", "RGB": "", "RGBA": "", "RGBX": ""}
PLAIN_MODES = frozenset(KINDS)
LOSSY = {"CMYK": "CMYK: printers' colours", "I": "32 bits a channel", "F": "floating point"}  # by Pillow's mode
ORIENTATION = 0x0112  # EXIF's tag: 1 is upright
IMAGE_STARTS = (PNG_START, JPEG_START + b"\xff", b"GIF8", b"II*\x00", b"MM\x00*")
SIXTEEN_BITS = re.compile(r"(?<!BGR);16")  # in Pillow's raw mode; BGR;16 is 5, 6 and 5 bits
FEW_BITS = re.compile(r"BGR;1[56]")

BACKGROUND = 12  # grey values up to this are background: black, with room for JPEG's ripples
WHITE = 235  # a pixel is near white when every channel reaches this
SCALE = 128  # pixels a side at which sharpness and hash are measured
RIM = np.ones((7, 7), np.uint8)  # 3 pixels at SCALE: the crisp cut against the background isn't texture


def measure(path: Path, quality: Quality) -> Row:
    """The manifest's image columns of the file at ``path``: sha256 to pixels, error, reason.

    Never raises for a bad image. What wasn't reached is absent; without ``reason`` the image is fit to use.
    """
    row: Row = {}
    try:
        data = _read(path, row)
        check_complete(data)
        pixels = _decode(data, quality, row)
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        scaled = at_scale(grey)
        row.update(statistics(pixels, grey, scaled), phash=perceptual_hash(scaled), pixels=pixels_digest(pixels))
        _judge(row, quality)
    except Flaw as flaw:
        row.update(reason=flaw.reason, error=flaw.said)
    return row


def undecodable(path: Path, said: str) -> Row:
    """The row of a file that must not be decoded again, because of ``said``."""
    row: Row = {"reason": "corrupt", "error": said}
    with contextlib.suppress(Flaw):
        _read(path, row)
    return row


def _read(path: Path, row: Row) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Flaw("unreadable", _text(error)) from None
    row.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    return data


def _decode(data: bytes, quality: Quality, row: Row) -> Pixels:
    """The image as uint8 (height, width, 3) RGB. Header facts go into ``row`` as soon as they are known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow; what matters of them is a reason
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                row.update(width=image.width, height=image.height, mode=_stored_mode(image), format=image.format)
                if image.width * image.height > quality.max_pixels:
                    raise Flaw("bomb", f"{image.width} x {image.height} pixels, more than {quality.max_pixels:,}")
                converted = conversion(image)
                image.load()
                _check_mode(row["mode"], image)
                if converted:
                    row.update(converted=converted)
                elif image.mode == "RGB":
                    return np.asarray(image)  # as to_rgb leaves it, which would copy it
                return np.asarray(to_rgb(image))
    except Flaw:
        raise
    except Image.DecompressionBombError as error:
        raise Flaw("bomb", _text(error)) from None
    except Exception as error:  # a decoder may raise anything on hostile bytes
        raise Flaw(_blame(error, data), _text(error)) from None


def conversion(image: Image.Image) -> str:
    """What ``to_rgb`` does to an image that isn't loaded yet, in the order of the manifest's ``converted``."""
    done = [
        KINDS.get(image.mode, ""),
        "few bits" if _stored_as(image, FEW_BITS) else "",
        "alpha" if image.has_transparency_data else "",
        "rotated" if image.getexif().get(ORIENTATION, 1) in range(2, 9) else "",
    ]
    return ", ".join(filter(None, done))


def _check_mode(mode: str, image: Image.Image) -> None:
    """Refuse what can't become 8-bit RGB without losing what it shows."""
    if getattr(image, "is_animated", False):
        raise Flaw("mode", f"{getattr(image, 'n_frames', 'several')} frames")
    if ";16" in mode:
        raise Flaw("mode", "16 bits a channel")
    if mode not in PLAIN_MODES:
        raise Flaw("mode", LOSSY.get(mode, f"colours of mode {mode}"))


def _stored_mode(image: Image.Image) -> str:
    """Pillow's mode; ``;16`` is added where it would silently cut 16 bits a channel to 8."""
    deep = _stored_as(image, SIXTEEN_BITS)
    return f"{image.mode};16" if deep and ";16" not in image.mode else str(image.mode)


def _stored_as(image: Image.Image, raw: re.Pattern[str]) -> bool:
    """Whether Pillow's raw mode, which says how bits lie in the file, is like ``raw``; before it is loaded."""
    return any(raw.search(str(tile[3])) for tile in getattr(image, "tile", ()))


def _blame(error: Exception, data: bytes) -> str:
    if "truncated" in str(error).lower():
        return "truncated"
    unknown = isinstance(error, UnidentifiedImageError) and not data.startswith(IMAGE_STARTS)
    return "not_an_image" if unknown else "corrupt"


def _text(error: Exception) -> str:
    """What ``error`` says in one line, without the addresses of objects, which differ from run to run."""
    said = re.sub(r" ?<_io\.BytesIO object at \w+>", "", str(error))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _judge(row: Row, quality: Quality) -> None:
    """Hold a measured image against the bounds."""
    sides = row["width"], row["height"]
    if min(sides) < quality.min_side:
        raise Flaw("size", f"{min(sides)} px, below {quality.min_side}")
    if max(sides) > quality.max_side:
        raise Flaw("size", f"{max(sides)} px, above {quality.max_side}")
    if row["foreground"] == 0 or row["foreground"] < quality.blank_foreground:
        raise _below("blank", "foreground", row, quality.blank_foreground)
    white = row["glare"] > quality.overexposed_glare  # uniform at the top of the range is too much light, not nothing
    if row["contrast"] < quality.blank_contrast and not white:
        raise _below("blank", "contrast", row, quality.blank_contrast)
    if white:
        raise Flaw("overexposed", f"glare {row['glare']:.4g}, above {quality.overexposed_glare:g}")
    if row["sharpness"] < quality.blurred_sharpness:
        raise _below("blurred", "sharpness", row, quality.blurred_sharpness)


def _below(reason: str, column: str, row: Row, bound: float) -> Flaw:
    return Flaw(reason, f"{column} {row[column]:.4g}, below {bound:g}")


def statistics(pixels: Pixels, grey: Pixels, scaled: Pixels) -> dict[str, float | None]:
    """The manifest's STATISTICS over the cell, null where there is none.

    ``pixels``: uint8 (height, width, 3) RGB; ``grey``: the same picture, uint8 (height, width); ``scaled``: the same
    by ``at_scale``.
    """
    cell = above_background(grey)
    area = cv2.countNonZero(cell)
    if not area:
        return {column.name: None for column in STATISTICS} | {"foreground": 0.0}
    channels = cv2.mean(pixels, mask=cell)
    brightness, contrast = cv2.meanStdDev(grey, mask=cell)
    white = cv2.inRange(pixels, (WHITE, WHITE, WHITE), (255, 255, 255))
    return {
        "red": channels[0],
        "green": channels[1],
        "blue": channels[2],
        "brightness": float(brightness[0, 0]),
        "contrast": float(contrast[0, 0]),
        "sharpness": sharpness(scaled),
        "foreground": area / cell.size,
        "glare": cv2.countNonZero(white) / area,
    }


def at_scale(grey: Pixels) -> Pixels:
    """uint8 (height, width) as uint8 (SCALE, SCALE), so that crops of all sizes compare."""
    enlarged = min(grey.shape) < SCALE
    how = cv2.INTER_CUBIC if enlarged else cv2.INTER_AREA  # area enlarges with kinks, which would count as texture
    scaled: Pixels = cv2.resize(grey, (SCALE, SCALE), interpolation=how)
    return scaled


def sharpness(scaled: Pixels) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000) inside the cell of uint8 (SCALE, SCALE), of ``at_scale``.

    Smoothed by 0.8 px first: rounding to whole grey values alone makes a variance of 2, more than a pale cell's
    texture. 9,634 real cells have 0.35 to 24, median 1.4; blurred with a sigma of an eighth of the side, below 0.19.
    """
    cell = above_background(scaled)
    inside = cv2.erode(cell, RIM, borderType=cv2.BORDER_CONSTANT, borderValue=255)
    smooth = cv2.GaussianBlur(scaled.astype(np.float32), (5, 5), 0.8)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(smooth, cv2.CV_32F), mask=inside if cv2.countNonZero(inside) else cell)
    return float(deviation[0, 0]) ** 2


def perceptual_hash(scaled: Pixels) -> str:
    """16 hexadecimal digits: which of the 64 lowest DCT coefficients at 32 px are the upper half (Zauner 2010).

    ``scaled``: uint8 (SCALE, SCALE), of ``at_scale``.
    """
    small = cv2.resize(scaled, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8].ravel()
    return np.packbits(low > np.sort(low)[31]).tobytes().hex()


def pixels_digest(pixels: Pixels) -> str:
    """The first 128 bits of SHA-256 over size and values of uint8 (height, width, 3) RGB, 32 hexadecimal digits.

    Processors have SHA-256 built in: half the time of BLAKE2.
    """
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:32]


def above_background(grey: Pixels) -> Pixels:
    """255 where a pixel belongs to the cell, 0 where it is background; uint8, of the same shape."""
    mask: Pixels = cv2.threshold(grey, BACKGROUND, 255, cv2.THRESH_BINARY)[1]
    return mask
