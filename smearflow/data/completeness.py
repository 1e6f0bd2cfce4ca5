"""Whether the bytes of an image reach its end, as its own format tells: decoders let much pass that was cut off.

Pillow decodes a PNG cut in its last 21 bytes and never checks IDAT's sums, a GIF without its trailer or its last
frames, a BMP without its last padding, a TIFF without its last pages. Nothing is decoded here.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Literal

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG_START = b"\xff\xd8"
JPEG_END = b"\xff\xd9"
# A marker's code; 00 is a stuffed byte, D0 to D7 stand within a scan, FF fills (ITU T.81, B.1.1).
JPEG_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
JPEG_BARE = (0x01, 0xD8)  # markers without a length
GIF_EXTENSION, GIF_IMAGE, GIF_TRAILER = 0x21, 0x2C, 0x3B
TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
TIFF_DATA = ((273, 279), (324, 325))  # tags of where strips and tiles start, and of their lengths
TIFF_FOLDERS = (330, 34665, 34853, 40965)  # tags that name further directories: SubIFDs, EXIF, GPS, interoperability
TIFF_ENTRIES = 100_000  # of all directories together: beyond, the decoder judges alone
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # lengths
BMP_PLAIN = (0, 3, 6)  # ways of storing rows without compression

Order = Literal["big", "little"]


class Flaw(Exception):
    """Why an image ends here: a reason of the vocabulary, and in few words what was found."""

    def __init__(self, reason: str, said: str | None = None) -> None:
        super().__init__(reason, said)
        self.reason = reason
        self.said = said


def check_complete(data: bytes) -> None:
    """Raise Flaw where ``data`` is empty, ends before its format says, or where a PNG's sums are wrong."""
    if not data:
        raise Flaw("zero_bytes")
    if PNG_START.startswith(data):
        raise Flaw("truncated", f"ends after {len(data)} bytes of a PNG's signature")
    for start, check in CHECKS.items():
        if data.startswith(start):
            check(data)


def _check_png(data: bytes) -> None:
    """Walk the chunks (PNG specification, 5.3): length, type, data, CRC over type and data, up to a whole IEND."""
    at = len(PNG_START)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        end = at + 12 + length
        if end > len(data):
            break
        kind = data[at + 4 : at + 8]
        if zlib.crc32(memoryview(data)[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise Flaw("corrupt", f"the checksum of PNG chunk {kind!r} at byte {at} is wrong")
        if kind == b"IEND":
            return
        at = end
    if PNG_END in data:
        raise Flaw("corrupt", f"the length of the PNG chunk at byte {at} is wrong")
    raise Flaw("truncated", f"the PNG has no whole IEND chunk; its last chunk starts at byte {at} of {len(data)}")


def _check_jpeg(data: bytes) -> None:
    """Go from marker to marker up to the end of the image; a thumbnail's lies inside a segment, and is passed over."""
    at = len(JPEG_START)
    while marker := JPEG_MARKER.search(data, at):
        code, at = marker[1][0], marker.end()
        if code == JPEG_END[1]:
            return
        if code not in JPEG_BARE:
            at += int.from_bytes(data[at : at + 2])
    if data.endswith(JPEG_END):
        raise Flaw("corrupt", "the length of a JPEG segment is wrong")
    raise Flaw("truncated", "the JPEG has no end marker")


def _check_gif(data: bytes) -> None:
    """Walk the blocks up to the trailer (GIF89a specification); between them unknown bytes are passed over."""
    at = 13 + _gif_colours(data, 10)
    while at < len(data):
        kind = data[at]
        if kind == GIF_TRAILER:
            return
        if kind == GIF_EXTENSION:
            at = _gif_blocks_end(data, at + 2)
        elif kind == GIF_IMAGE:
            at = _gif_blocks_end(data, at + 11 + _gif_colours(data, at + 9))
        else:
            at += 1
    raise Flaw("truncated", "the GIF has no trailer")


def _gif_colours(data: bytes, at: int) -> int:
    """Bytes of the colour table that the flags at ``at`` announce."""
    flags = data[at] if at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    """Behind the sub-blocks that start at ``at``."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _check_bmp(data: bytes) -> None:
    """Rows lie whole in the file where they aren't compressed; else the header's length of the file holds."""
    header = _number(data, 14, 4)
    if header not in BMP_HEADERS:
        raise Flaw("not_an_image", "starts like a BMP and has no header of one")  # a text may
    old = header == 12  # OS/2 1.x: sides of two bytes
    width, height = (
        (_number(data, at, 2) for at in (18, 20)) if old else (_number(data, at, 4, signed=True) for at in (18, 22))
    )
    bits, stored = (_number(data, 24, 2), 0) if old else (_number(data, 28, 2), _number(data, 30, 4))
    rows = (abs(width) * bits + 31) // 32 * 4 * abs(height)
    _reach(data, _number(data, 10, 4) + rows if stored in BMP_PLAIN else _number(data, 2, 4), "BMP")


def _check_webp(data: bytes) -> None:
    """RIFF: the length of what follows its first eight bytes."""
    if len(data) >= 12 and data[8:12] == b"WEBP":
        _reach(data, 8 + _number(data, 4, 4), "WEBP")


def _check_tiff(data: bytes) -> None:
    """Every directory, every value and every strip or tile that a directory names lies in the file (TIFF 6.0, 2)."""
    order: Order = "little" if data[:2] == b"II" else "big"
    big = data[2:4] in (b"+\x00", b"\x00+")
    width = 8 if big else 4  # bytes of an offset
    waiting, seen, left = [_number(data, width, width, order)], {0}, TIFF_ENTRIES
    while waiting and left > 0:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        values = dict(_tiff_values(data, at, width, order))
        left -= 1 + len(values)
        for starts, lengths in TIFF_DATA:
            ends = map(sum, zip(values.get(starts, ()), values.get(lengths, ()), strict=False))
            _reach(data, max(ends, default=0), "TIFF")
        waiting += [folder for tag in (0, *TIFF_FOLDERS) for folder in values.get(tag, ())]


def _tiff_values(data: bytes, at: int, width: int, order: Order) -> Iterator[tuple[int, list[int]]]:
    """Tags and numbers of the directory at ``at``, of tags that matter here; under 0, where the next directory is."""
    head = 8 if width == 8 else 2
    count = min(_number(data, at, head, order), TIFF_ENTRIES)
    step = 4 + 2 * width
    wanted = {*TIFF_FOLDERS, *(tag for pair in TIFF_DATA for tag in pair)}
    for entry in range(at + head, at + head + count * step, step):
        tag, kind = (_number(data, entry + skip, 2, order) for skip in (0, 2))
        many, size = _number(data, entry + 4, width, order), TIFF_BYTES.get(kind, 1)
        place = entry + 4 + width
        if many * size > width:
            place = _number(data, place, width, order)
        _reach(data, place + many * size, "TIFF")
        if tag in wanted and size in (2, 4, 8):
            yield tag, [_number(data, place + n * size, size, order) for n in range(many)]
    yield 0, [_number(data, at + head + count * step, width, order)]


def _number(data: bytes, at: int, size: int, order: Order = "little", signed: bool = False) -> int:
    """The number of ``size`` bytes at ``at``."""
    if at + size > len(data):
        raise Flaw("truncated", f"byte {at + size} is asked for, and there are {len(data)}")
    return int.from_bytes(data[at : at + size], order, signed=signed)


def _reach(data: bytes, end: int, form: str) -> None:
    if end > len(data):
        raise Flaw("truncated", f"the {form} is {end:,} bytes long by its own account, and has {len(data):,}")


CHECKS: dict[bytes, Callable[[bytes], None]] = {
    PNG_START: _check_png,
    JPEG_START: _check_jpeg,
    b"GIF8": _check_gif,
    b"BM": _check_bmp,
    b"RIFF": _check_webp,
    b"II*\x00": _check_tiff,
    b"MM\x00*": _check_tiff,
    b"II+\x00": _check_tiff,
    b"MM\x00+": _check_tiff,
}
