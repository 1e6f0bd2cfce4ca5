"""The feature cache: a row an image that can be read, in the order of the files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smearflow.models.features import compute
from smearflow.models.pixels import CHUNK, PixelStream
from tests.trained_cells import SIDE, cell


class Colours:
    """An engine whose features are the mean colour of an image, float32 (n, 3)."""

    name = "colours"

    def __call__(self, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return pixels.mean(axis=(1, 2), dtype=np.float32)


def test_order_is_kept_over_chunks_and_the_unreadable_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [cell(seed, infected=seed % 2 == 0) for seed in range(CHUNK + 12)]
    files = [tmp_path / f"{index}.png" for index in range(len(cells))]
    for file, picture in zip(files, cells, strict=True):
        picture.save(file)
    files[5].write_bytes(b"no image")
    files[CHUNK + 1].unlink()
    with PixelStream(files, SIDE, workers=1) as stream:
        features, readable = compute(stream, Colours())
    assert np.flatnonzero(~readable).tolist() == [5, CHUNK + 1]
    expected = [np.asarray(c).mean(axis=(0, 1)) for c, fine in zip(cells, readable, strict=True) if fine]
    assert features.dtype == np.float32
    assert np.allclose(features, expected, atol=1e-3)
    assert capsys.readouterr().out == "features 140/140\n"


def test_where_nothing_can_be_read_there_is_no_feature_and_no_crash(tmp_path: Path) -> None:
    with PixelStream([tmp_path / "gone.png"], SIDE, workers=1) as stream:
        features, readable = compute(stream, Colours())
    assert features.shape == (0, 0)
    assert readable.tolist() == [False]
