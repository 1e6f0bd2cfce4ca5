"""What the bytes of an image say of their own end; tests/test_data_fuzz.py cuts them everywhere."""

import pytest
from drawn_cells import encoded
from drawn_encodings import encodings, small_cell, with_thumbnail

from smearflow.data.completeness import Flaw, check_complete

ENCODINGS = encodings()


def flaw(data: bytes) -> tuple[str, str | None] | None:
    """Reason and words against ``data``, if any."""
    try:
        check_complete(data)
    except Flaw as found:
        return found.reason, found.said
    return None


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_whole_file_passes_and_one_without_its_last_byte_does_not(name: str) -> None:
    assert flaw(ENCODINGS[name]) is None
    found = flaw(ENCODINGS[name][:-1])
    assert found is not None and found[0] == "truncated"


def test_a_jpeg_cut_behind_its_thumbnail_is_not_whole_by_the_thumbnails_end() -> None:
    whole = with_thumbnail(encoded(small_cell(), "JPEG"))
    thumbnail_ends = whole.index(b"\xff\xd9") + 2
    assert flaw(whole[:thumbnail_ends]) == ("corrupt", "the length of a JPEG segment is wrong")
    assert flaw(whole[: thumbnail_ends + 9]) == ("truncated", "the JPEG has no end marker")


def test_a_bitmap_tells_how_long_it_is_by_its_rows() -> None:
    bitmap = ENCODINGS["BMP L"]
    assert flaw(bitmap[:-2]) == ("truncated", "the BMP is 1,654 bytes long by its own account, and has 1,652")
    wrong = bitmap[:2] + bytes(4) + bitmap[6:]  # some programs leave the length of the file 0
    assert flaw(wrong) is None


def test_a_directory_of_a_tiff_that_names_itself_is_no_loop() -> None:
    tiff = bytearray(b"II*\0" + (8).to_bytes(4, "little") + bytes(2) + (8).to_bytes(4, "little"))
    assert flaw(bytes(tiff)) is None


def test_a_wrong_checksum_names_the_chunk() -> None:
    png = bytearray(ENCODINGS["PNG RGB"])
    png[20] ^= 1
    assert flaw(bytes(png)) == ("corrupt", "the checksum of PNG chunk b'IHDR' at byte 8 is wrong")


@pytest.mark.parametrize("data", [b"path,label\n", b"RIFFxxxxWAVE", b"%PDF", b"\0" * 100])
def test_what_is_of_no_known_format_is_left_to_the_decoder(data: bytes) -> None:
    assert flaw(data) is None
