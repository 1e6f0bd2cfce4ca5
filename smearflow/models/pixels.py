"""Image files to pixels, decoded in parallel processes, in order, with a bounded number in flight."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import zip_longest
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

    def __init__(self, files: list[Path], size: int, workers: int, digests: list[str] | None = None) -> None:
        """``digests``: the SHA-256 that each file must have; without them any content will do."""
        self.files = files
        self.digests = digests or []
        self._pool = image_workers(workers)
        self._chunks = iter(range(0, len(files), CHUNK))
        self._size = size
        self.fresh = True  # until it is iterated over: it can be so once
        self._pending: deque[Future[Decoded]] = deque()
        for _ in range(max(2 * workers, AHEAD // (CHUNK * size * size * 3))):
            self._submit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[Decoded]:
        self.fresh = False
        while self._pending:
            decoded = self._pending.popleft().result()
            self._submit()
            yield decoded

    def _submit(self) -> None:
        at = next(self._chunks, None)
        if at is not None:
            files, digests = self.files[at : at + CHUNK], self.digests[at : at + CHUNK]
            self._pending.append(self._pool.submit(decode_files, files, self._size, digests))


def in_pieces(files: list[Path], size: int, digests: list[str] | None = None) -> Iterator[Decoded]:
    """What a PixelStream gives, decoded in this process: where it has few files, or the cores have enough to do."""
    for at in range(0, len(files), CHUNK):
        yield decode_files(files[at : at + CHUNK], size, digests and digests[at : at + CHUNK])


def decode_files(files: list[Path], size: int, digests: list[str] | None = None) -> Decoded:
    """The pixels of the readable ones among ``files``, and what was wrong with the others.

    A file whose SHA-256 isn't the one in ``digests``, where there are any, is as good as unreadable.
    """
    pixels = np.empty((len(files), size, size, 3), np.uint8)
    errors: list[str | None] = []
    for file, digest in zip_longest(files, digests or []):
        try:
            pixels[errors.count(None)] = decode(_read(file, digest), size)
            errors.append(None)
        except (OSError, UnreadableError) as error:
            errors.append(str(error))
    return Decoded(pixels[: errors.count(None)], tuple(errors))


def _read(file: Path, digest: str | None) -> bytes:
    """The bytes of ``file``. Raises UnreadableError where they aren't those of ``digest``."""
    data = file.read_bytes()
    if digest and hashlib.sha256(data).hexdigest() != digest:
        raise UnreadableError("it has changed since the scan")
    return data
