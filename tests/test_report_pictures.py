"""Pictures for the page: small, whole, and with nothing in them but pixels."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from smearflow.report.pictures import contact_sheet, data_url, png, shrunk, squared, thumbnail


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    """A red cell, wider than high, that carries a name in its text, its EXIF and its comment."""
    note, exif = PngImagePlugin.PngInfo(), Image.Exif()
    note.add_text("Comment", "C104P65")
    exif[0x010E] = "C104P65"
    Image.new("RGB", (120, 60), (200, 40, 60)).save(tmp_path / "C104P65.png", pnginfo=note, exif=exif)
    return tmp_path / "C104P65.png"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_thumbnail_keeps_proportions_on_black(cell: Path) -> None:
    picture = thumbnail(cell, 80, 10_000)
    assert picture is not None
    pixels = np.asarray(opened(picture))
    assert pixels.shape == (80, 80, 3)
    assert pixels[5].max() < 20  # above the cell
    assert pixels[40].mean(axis=0) == pytest.approx((200, 40, 60), abs=6)


def test_nothing_that_is_written_in_a_file_travels(cell: Path) -> None:
    jpeg = cell.with_suffix(".jpg")
    Image.open(cell).save(jpeg, comment=b"C104P65", exif=Image.open(cell).getexif())
    for file in (cell, jpeg):
        assert b"C104P65" in file.read_bytes()
        assert b"C104P65" not in (thumbnail(file, 80, 10_000) or b"C104P65")
        assert b"C104P65" not in shrunk(file, 100)


def test_what_cannot_be_decoded_or_is_too_large_has_no_thumbnail(cell: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(cell.read_bytes()[:60])
    assert thumbnail(broken, 80, 10_000) is None
    assert thumbnail(tmp_path / "gone.png", 80, 10_000) is None
    assert thumbnail(cell, 80, 120 * 60 - 1) is None


def test_a_sheet_is_shrunk_to_the_width_of_the_page_and_never_enlarged(cell: Path) -> None:
    assert opened(shrunk(cell, 60)).size == (60, 30)
    assert opened(shrunk(cell, 600)).size == (120, 60)


def test_a_contact_sheet_has_a_cell_a_picture(cell: Path) -> None:
    picture = Image.open(cell).convert("RGB")
    sheet = opened(contact_sheet([[picture, picture, picture], [picture]], 64))
    assert sheet.format == "PNG"
    assert sheet.size == (3 * 66 + 2, 2 * 66 + 2)
    assert sheet.getpixel((2 + 32, 2 + 32)) == (200, 40, 60)


def test_a_picture_becomes_an_address(cell: Path) -> None:
    assert data_url(cell).startswith("data:image/png;base64,iVBOR")
    assert data_url(shrunk(cell, 60)).startswith("data:image/jpeg;base64,/9j/")
    with pytest.raises(ValueError, match="neither PNG nor JPEG"):
        data_url(b"<svg>")


def test_a_sliver_has_at_least_a_pixel() -> None:
    assert squared(Image.new("RGB", (500, 1), (255, 255, 255)), 64).getbbox() is not None


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_any_format_as_a_png_of_all_its_pixels(cell: Path, form: str) -> None:
    file = cell.with_suffix(f".{form.lower()}")
    Image.open(cell).save(file, form)
    picture = png(file)
    assert picture is not None and b"C104P65" not in picture
    assert opened(picture).format == "PNG" and opened(picture).size == (120, 60)
    file.write_bytes(b"no picture")
    assert png(file) is None
