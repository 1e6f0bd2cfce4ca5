"""Files are decoded in parallel processes, in order; unreadable ones are told apart from black pixels."""

from pathlib import Path

import numpy as np

from smearflow.models.pixels import CHUNK, PixelStream, decode_files, in_pieces
from tests.trained_cells import SIDE, cell


def files_in(folder: Path, count: int) -> list[Path]:
    """``count`` cells, every tenth of them a text that calls itself an image."""
    files = [folder / f"{index}.png" for index in range(count)]
    for index, file in enumerate(files):
        if index % 10 == 9:
            file.write_text("no image")
        else:
            cell(index, infected=False).save(file)
    return files


def test_a_stream_gives_every_file_in_order_more_than_a_chunk_of_them(tmp_path: Path) -> None:
    files = files_in(tmp_path, CHUNK + 20)
    with PixelStream(files, SIDE, workers=2) as stream:
        chunks = list(stream)
    errors = [error for chunk in chunks for error in chunk.errors]
    pixels = np.concatenate([chunk.pixels for chunk in chunks])
    assert [error is not None for error in errors] == [index % 10 == 9 for index in range(len(files))]
    expected = [np.asarray(cell(index, infected=False)) for index in range(len(files)) if index % 10 != 9]
    assert np.array_equal(pixels, np.stack(expected))


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    files = [*files_in(tmp_path, 10)[8:], tmp_path / "gone.png"]
    decoded = decode_files(files, SIDE)
    assert decoded.errors[0] is None
    assert "UnidentifiedImageError" in str(decoded.errors[1])
    assert "No such file" in str(decoded.errors[2])
    assert decoded.pixels.shape == (1, SIDE, SIDE, 3)


def test_in_pieces_is_what_a_stream_gives(tmp_path: Path) -> None:
    files = files_in(tmp_path, CHUNK + 20)
    with PixelStream(files, SIDE, workers=1) as stream:
        for mine, other in zip(in_pieces(files, SIDE), stream, strict=True):
            assert [error is None for error in mine.errors] == [error is None for error in other.errors]
            assert np.array_equal(mine.pixels, other.pixels)


def test_in_pieces_a_file_that_changed_since_the_scan_is_as_good_as_unreadable(tmp_path: Path) -> None:
    files = files_in(tmp_path, 2)
    (piece,) = in_pieces(files, SIDE, ["0" * 64, "1" * 64])
    assert all("changed since the scan" in str(error) for error in piece.errors)
