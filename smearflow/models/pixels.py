"""Image files to pixels, decoded in parallel processes, in order, with a bounded number in flight."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from smearflow.processes import image_workers
from smearflow.registry.serving import UnreadableError, decode

CHUNK = 128  # images a job
AHEAD = 256 * 2**20  # bytes of pixels decoded ahead of the one who reads them


@dataclass(frozen=True)
class Decoded:
    """Consecutive images. ``pixels``: uint8 (readable, size, size, 3); ``errors``: one a file, None where readable."""

    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    errors: tuple[str | None, ...]


class PixelStream:
    """Iterates over files in order, CHUNK at a time. Decoding starts at once, while TensorFlow is still importing."""

    def __init__(self, files: list[Path], size: int, workers: int) -> None:
        self.files = files
        self._pool = image_workers(workers)
        self._chunks = iter([files[at : at + CHUNK] for at in range(0, len(files), CHUNK)])
        self._size = size
        self._pending: deque[Future[Decoded]] = deque()
        for _ in range(max(2 * workers, AHEAD // (CHUNK * size * size * 3))):
            self._submit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[Decoded]:
        while self._pending:
            decoded = self._pending.popleft().result()
            self._submit()
            yield decoded

    def _submit(self) -> None:
        files = next(self._chunks, None)
        if files is not None:
            self._pending.append(self._pool.submit(decode_files, files, self._size))


def decode_files(files: list[Path], size: int) -> Decoded:
    """The pixels of the readable ones among ``files``, and what was wrong with the others."""
    pixels = np.empty((len(files), size, size, 3), np.uint8)
    errors: list[str | None] = []
    for file in files:
        try:
            pixels[len(errors) - sum(e is not None for e in errors)] = decode(file.read_bytes(), size)
            errors.append(None)
        except (OSError, UnreadableError) as error:
            errors.append(str(error))
    return Decoded(pixels[: errors.count(None)], tuple(errors))
