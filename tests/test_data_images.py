"""One image: what is measured of it, and the reason that takes it out."""

import io
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from drawn_cells import cell, encoded
from PIL import Image, ImageFilter

from smearflow.data.images import (
    ORIENTATION,
    Row,
    at_scale,
    conversion,
    measure,
    perceptual_hash,
    sharpness,
    statistics,
    undecodable,
)
from smearflow.data.manifest import CONVERSIONS
from smearflow.data.scanning import FACTS
from smearflow.registry.serving import to_rgb
from smearflow.settings import Quality

QUALITY = Quality()


def measured(folder: Path, data: bytes, quality: Quality = QUALITY) -> Row:
    """The row of a file with ``data`` in it."""
    file = folder / "cell.png"
    file.write_bytes(data)
    return measure(file, quality)


def reason(folder: Path, data: bytes, quality: Quality = QUALITY) -> object:
    return measured(folder, data, quality).get("reason")


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """``png`` with a chunk put in after the header."""
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return png[:33] + chunk + png[33:]


def header_says(png: bytes, width: int, height: int) -> bytes:
    """``png`` whose header promises another size, its checksum right."""
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def test_a_sound_cell_has_every_image_column_and_no_reason(tmp_path: Path) -> None:
    row = measured(tmp_path, encoded(cell()))
    assert set(row) == set(FACTS) - {"error", "reason", "converted"}  # it is used as it is stored
    assert (row["width"], row["height"], row["mode"], row["format"]) == (96, 96, "RGB", "PNG")
    assert all(type(value) in (str, int, float) for value in row.values())  # plain, to pass between processes


def test_the_first_reason_that_holds_is_told(tmp_path: Path) -> None:
    small_and_black = Image.new("RGB", (8, 8))
    assert reason(tmp_path, b"") == "zero_bytes"
    assert reason(tmp_path, encoded(small_and_black)[:-4]) == "truncated"
    assert reason(tmp_path, encoded(small_and_black)) == "size"


def test_a_broken_jpeg_and_a_missing_palette_are_corrupt(tmp_path: Path) -> None:
    jpeg = encoded(cell(), "JPEG")
    assert reason(tmp_path, jpeg[:2] + b"\xff" * 20 + jpeg[40:]) == "corrupt"
    assert reason(tmp_path, with_chunk(encoded(cell()), b"iCCP", b"no end")) in ("corrupt", None)


@pytest.mark.parametrize("data", [b"path,label\n", b"%PDF-1.7\n", b"\x00" * 64, b"PK\x03\x04" + b"\x00" * 40])
def test_other_content_is_not_an_image(tmp_path: Path, data: bytes) -> None:
    row = measured(tmp_path, data)
    assert row["reason"] == "not_an_image"
    assert "0x" not in str(row["error"])  # the same text in every run


def test_an_image_over_the_limit_is_a_bomb_and_is_not_decoded(tmp_path: Path) -> None:
    row = measured(tmp_path, header_says(encoded(cell()), 9000, 9000))
    assert (row["reason"], row["width"]) == ("bomb", 9000)  # decoding would have said truncated
    assert reason(tmp_path, encoded(cell()), Quality(max_pixels=96 * 96 - 1)) == "bomb"
    assert reason(tmp_path, encoded(cell()), Quality(max_pixels=96 * 96)) is None


def test_pillows_own_bomb_limits_hold_too_and_its_warnings_stay_inside(tmp_path: Path) -> None:
    lax = Quality(max_pixels=10**9, max_side=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason(tmp_path, header_says(encoded(cell()), 20_000, 20_000), lax) == "bomb"
        assert reason(tmp_path, header_says(encoded(cell()), 10_000, 10_000), lax) == "truncated"  # Pillow warns


def test_what_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    assert measure(tmp_path / "vanished.png", QUALITY)["reason"] == "unreadable"
    row = measure(tmp_path, QUALITY)
    assert (row["reason"], "sha256" in row) == ("unreadable", False)


CONVERTED = {"1": "bilevel", "L": "grey", "LA": "grey, alpha", "P": "palette", "RGBA": "alpha"}


@pytest.mark.parametrize("mode", CONVERTED)
def test_what_becomes_rgb_without_loss_is_measured_and_the_conversion_is_named(tmp_path: Path, mode: str) -> None:
    row = measured(tmp_path, encoded(cell().convert(mode)))
    assert (row["mode"], row["converted"]) == (mode, CONVERTED[mode])
    assert row["foreground"] > 0.3
    assert row.get("reason") == ("overexposed" if mode == "1" else None)  # pure black and white


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_rotated_image_is_turned_upright_and_says_so(tmp_path: Path, form: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    lying = measured(tmp_path, encoded(cell().resize((96, 40)), form, exif=exif))
    assert (lying["converted"], lying.get("reason")) == ("rotated", None)
    exif[ORIENTATION] = 1
    assert "converted" not in measured(tmp_path, encoded(cell(), form, exif=exif))


def test_several_conversions_are_named_in_a_fixed_order(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    grey = cell().convert("LA")
    assert measured(tmp_path, encoded(grey, exif=exif))["converted"] == "grey, alpha, rotated"
    assert list(CONVERSIONS) == sorted(CONVERSIONS, key="bilevel grey palette few bits alpha rotated".index)


def test_pixels_of_few_bits_are_widened(tmp_path: Path) -> None:
    bitmap = bytearray(encoded(cell(side=64), "BMP"))[:54]
    bitmap[28:30] = (16).to_bytes(2, "little")  # bits a pixel: 5 for each of three
    row = measured(tmp_path, rightly_sized(bitmap + np.arange(64 * 64, dtype="<u2").tobytes()))
    assert (row["converted"], row["mode"]) == ("few bits", "RGB")


def rightly_sized(bitmap: bytearray) -> bytes:
    """A BMP whose header gives its length."""
    bitmap[2:6] = len(bitmap).to_bytes(4, "little")
    bitmap[34:38] = (len(bitmap) - 54).to_bytes(4, "little")
    return bytes(bitmap)


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "P", "RGBA"])
def test_what_is_named_converted_is_what_serving_does_to_it(mode: str) -> None:
    with Image.open(io.BytesIO(encoded(cell().convert(mode)))) as image:
        named = conversion(image)
        image.load()
        same = image.mode == "RGB" and bool((np.asarray(to_rgb(image)) == np.asarray(image)).all())
    assert bool(named) != same


def deep(mode: str) -> bytes:
    """A PNG of 16 bits a channel: I;16, or RGB that Pillow would cut to 8."""
    grey = np.asarray(cell().convert("L"), np.uint16) * 257
    if mode == "I;16":
        return encoded(Image.fromarray(grey))
    rows = b"".join(b"\x00" + np.repeat(row[:, None], 3, 1).astype(">u2").tobytes() for row in grey)
    header = struct.pack(">IIBBBBB", 96, 96, 16, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    end = encoded(cell())[-12:]
    return with_chunk(start + end, b"IDAT", zlib.compress(rows))


@pytest.mark.parametrize("mode", ["I;16", "RGB;16"])
def test_sixteen_bits_a_channel_are_refused(tmp_path: Path, mode: str) -> None:
    row = measured(tmp_path, deep(mode))
    assert (row["reason"], row["mode"], row["error"]) == ("mode", mode, "16 bits a channel")


def test_cmyk_floats_and_animations_are_refused(tmp_path: Path) -> None:
    printed = measured(tmp_path, encoded(cell().convert("CMYK"), "JPEG"))
    assert (printed["reason"], printed["error"]) == ("mode", "CMYK: printers' colours")
    assert measured(tmp_path, encoded(cell().convert("F"), "TIFF"))["error"] == "floating point"
    for form in ("GIF", "PNG", "WEBP", "TIFF"):
        film = encoded(cell(0), form, save_all=True, append_images=[cell(1)])
        row = measured(tmp_path, film)
        assert (row["reason"], row["error"]) == ("mode", "2 frames"), form


def test_a_transparent_background_counts_as_black(tmp_path: Path) -> None:
    drawn = cell()
    mask = drawn.convert("L").point(lambda grey: 255 if grey else 0)
    white = Image.composite(drawn, Image.new("RGB", drawn.size, "white"), mask)
    white.putalpha(mask)
    assert measured(tmp_path, encoded(white))["foreground"] == measured(tmp_path, encoded(drawn))["foreground"]


def test_sides_outside_the_bounds_are_refused(tmp_path: Path) -> None:
    wide = encoded(cell().resize((96, 40)))
    assert measured(tmp_path, wide, Quality(min_side=41))["error"] == "40 px, below 41"
    assert measured(tmp_path, wide, Quality(max_side=95))["error"] == "96 px, above 95"
    assert reason(tmp_path, wide, Quality(min_side=40, max_side=96)) is None


def gained(image: Image.Image, factor: float) -> Image.Image:
    return image.point(lambda value: min(255, int(value * factor)))


SPOILT = {
    "black": (Image.new("RGB", (96, 96)), "blank"),
    "uniform": (Image.new("RGB", (96, 96), (180, 120, 130)), "blank"),
    "almost uniform": (Image.fromarray((np.arange(27_648).reshape(96, 96, 3) % 3 + 150).astype(np.uint8)), "blank"),
    "white": (Image.new("RGB", (96, 96), "white"), "overexposed"),
    "blown out": (gained(cell(), 1.8), "overexposed"),
    "half blown out": (gained(cell(), 1.55), "overexposed"),
    "blurred": (cell().filter(ImageFilter.GaussianBlur(96 / 8)), "blurred"),
    "large and blurred": (cell(side=300).filter(ImageFilter.GaussianBlur(300 / 8)), "blurred"),
    "small and blurred": (cell(side=40).filter(ImageFilter.GaussianBlur(40 / 8)), "blurred"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_picture_is_caught(tmp_path: Path, name: str) -> None:
    image, expected = SPOILT[name]
    row = measured(tmp_path, encoded(image))
    assert row["reason"] == expected
    assert re.fullmatch(r"(foreground|contrast|glare|sharpness) [\d.e-]+, (below|above) [\d.]+", row["error"])


def test_statistics_are_of_the_cell_not_of_its_background() -> None:
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[:, :50] = (200, 100, 50)
    found = statistics(pixels, pixels[..., 1], at_scale(pixels[..., 1]))
    assert (found["red"], found["green"], found["blue"]) == (200, 100, 50)
    assert (found["brightness"], found["contrast"], found["foreground"], found["glare"]) == (100, 0, 0.5, 0)


def test_without_a_cell_only_the_foreground_is_known() -> None:
    black = np.zeros((50, 50, 3), np.uint8)
    found = statistics(black, black[..., 0], at_scale(black[..., 0]))
    assert found.pop("foreground") == 0
    assert set(found.values()) == {None}


def test_sharpness_compares_crops_of_different_sizes_and_falls_with_blur() -> None:
    texture = Image.fromarray(np.random.default_rng(0).integers(90, 160, (256, 256), dtype=np.uint8))
    large = texture.filter(ImageFilter.GaussianBlur(2))
    levels = [sharpness(at_scale(np.asarray(large.resize((side, side))))) for side in (256, 160, 128, 96)]
    assert max(levels) < 2 * min(levels)
    blurred = [
        sharpness(at_scale(np.asarray(texture.filter(ImageFilter.GaussianBlur(radius))))) for radius in (1, 2, 4, 8)
    ]
    assert blurred == sorted(blurred, reverse=True)


def test_the_perceptual_hash_keeps_through_recoding_and_tells_cells_apart() -> None:
    def bits(image: Image.Image) -> int:
        return int(perceptual_hash(at_scale(np.asarray(image.convert("L")))), 16)

    ramp = Image.fromarray(np.tile(np.arange(96, dtype=np.uint8), (96, 1)))
    assert (bits(cell(0)) ^ bits(cell(0).resize((80, 80)))).bit_count() < 12
    assert (bits(cell(0)) ^ bits(ramp)).bit_count() > 16
    assert bits(cell()).bit_count() == 32  # the upper half of 64


def test_a_file_that_must_not_be_decoded_keeps_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "deadly.png"
    file.write_bytes(encoded(cell()))
    row = undecodable(file, "the process died")
    assert (row["reason"], row["error"]) == ("corrupt", "the process died")
    assert row["sha256"] == measure(file, QUALITY)["sha256"]
