"""Cut anywhere, flipped anywhere: each file ends as a row with a reason, or as the picture that it still is."""

import random
from pathlib import Path

import pytest
from drawn_encodings import encodings

from smearflow.data.images import Row, measure
from smearflow.data.manifest import REASONS
from smearflow.settings import Quality

QUALITY = Quality()
BROKEN = {"zero_bytes", "truncated", "corrupt", "not_an_image"}
ENCODINGS = encodings()
FLIPS = 200  # of each encoding
PNGS = [name for name in ENCODINGS if name.startswith("PNG")]


def measured(folder: Path, data: bytes) -> Row:
    """The row of a file with ``data`` in it."""
    file = folder / "cell.png"
    file.unlink(missing_ok=True)  # or the file system waits for the disk at every rewrite
    file.write_bytes(data)
    return measure(file, QUALITY)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    """``data`` with one bit of the byte ``at`` turned over."""
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_whole_file_is_used_unless_it_is_a_film(tmp_path: Path, name: str) -> None:
    assert measured(tmp_path, ENCODINGS[name]).get("reason") == ("mode" if "film" in name else None)


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_file_cut_at_any_byte_is_found(tmp_path: Path, name: str) -> None:
    whole = ENCODINGS[name]
    rows = {length: measured(tmp_path, whole[:length]) for length in range(len(whole))}
    assert {length: row.get("reason") for length, row in rows.items() if row.get("reason") not in BROKEN} == {}
    assert all(row["error"] for length, row in rows.items() if length)


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_flipped_bit_ends_as_a_row(tmp_path: Path, name: str) -> None:
    draw, whole = random.Random(name), ENCODINGS[name]
    for _ in range(FLIPS):
        row = measured(tmp_path, flipped(whole, draw.randrange(len(whole)), draw.randrange(8)))
        assert row.get("reason") in (*REASONS, None)
        assert row["bytes"] == len(whole)


@pytest.mark.parametrize("name", PNGS)
def test_no_flipped_bit_of_a_png_goes_unnoticed(tmp_path: Path, name: str) -> None:
    draw, whole = random.Random(name), ENCODINGS[name]
    spoilt = (measured(tmp_path, flipped(whole, at, draw.randrange(8))) for at in range(len(whole)))
    assert {row.get("reason") for row in spoilt} <= BROKEN


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_block_of_other_bytes_in_the_middle_ends_as_a_row(tmp_path: Path, name: str) -> None:
    """As a failing disk leaves it: zeroes, or bytes of another file."""
    draw, whole = random.Random(name), ENCODINGS[name]
    for _ in range(FLIPS // 4):
        at, size = draw.randrange(len(whole)), draw.randrange(1, 64)
        for other in (bytes(size), draw.randbytes(size)):
            row = measured(tmp_path, whole[:at] + other + whole[at + size :])
            assert row.get("reason") in (*REASONS, None)


@pytest.mark.parametrize(
    "start", [b"BM", b"GIF89a", b"RIFF", b"II*\0", b"MM\0*", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]
)
def test_noise_under_the_start_of_a_format_is_never_used(tmp_path: Path, start: bytes) -> None:
    draw = random.Random(start)
    rows = [measured(tmp_path, start + draw.randbytes(draw.randrange(400))) for _ in range(100)]
    assert {row.get("reason") for row in rows} <= {*BROKEN, "bomb"}


def test_a_text_that_starts_like_a_bitmap_is_not_an_image(tmp_path: Path) -> None:
    assert measured(tmp_path, b"BMI and other measures of the patients, in no order")["reason"] == "not_an_image"


def test_bytes_behind_the_end_do_no_harm(tmp_path: Path) -> None:
    for name, whole in ENCODINGS.items():
        row = measured(tmp_path, whole + b"\xff\xda left by a camera")
        assert row.get("reason") == ("mode" if "film" in name else None), name
