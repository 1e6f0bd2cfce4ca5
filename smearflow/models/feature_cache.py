"""The feature cache on disk: what one frozen network says of images, by their digests.

A folder of shards. A shard is a NumPy file of records (digest, features float32 (d,)) that is named by the SHA-256 of
its bytes, written aside and renamed: one that is there is whole, and one that was damaged since is told by its name
and counts as absent. So a run that was killed loses at most the shard that it was filling.
"""

import contextlib
import json
import math
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from smearflow.errors import TrainingError
from smearflow.models.fitted import Array
from smearflow.workspace import file_digest, lives, write_text

PIECE = 256  # rows that are copied at a time: they pass through memory
FACTS = "facts.json"  # for people, and the name of the engine that filled it last


class FeatureCache:
    """Rows of features by image digest (SHA-256, 64 hexadecimal digits) below ``folder``, read through memory maps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shards: list[Array] = []
        self._place: dict[bytes, tuple[int, int]] = {}  # digest -> shard, row
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # when it was last used
        _sweep(folder)
        for file in sorted(folder.glob("*.npy")):
            self._read(file)

    def __len__(self) -> int:
        return len(self._place)

    def knows(self, digests: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether the features of each image are there, bool (n,)."""
        return np.array([digest.encode() in self._place for digest in digests], dtype=bool)

    def add(self, digests: Sequence[str], features: Array) -> None:
        """Keep ``features`` (n, d) of the images ``digests``, in one step.

        Raises TrainingError (permanent) where they find no room.
        """
        shard = np.empty(len(digests), dtype=[("digest", "S64"), ("features", np.float32, features.shape[1:])])
        shard["digest"], shard["features"] = [digest.encode() for digest in digests], features
        with self._room_for(shard.nbytes):
            self._map(self._saved(shard))

    def gather(self, digests: Sequence[str]) -> Array:
        """The features of ``digests``, all of them known, float32 (n, d), in that order. Raises as ``add``.

        A memory map on a file without a name: it takes no memory that the system can't take back, and is gone with
        this process.
        """
        matrix = self.mapped(len(digests))
        self.fill(matrix, np.arange(len(digests)), digests)
        return matrix

    def mapped(self, rows: int) -> Array:
        """Room for so many rows of features, float32 (rows, d), as ``gather`` returns them. Raises as ``add``."""
        if not rows or not self._shards:
            return np.empty((0, 0), np.float32)
        shape = (rows, *self._shards[0].dtype["features"].shape)
        size = 4 * math.prod(shape)
        with self._room_for(size), tempfile.TemporaryFile(dir=self.folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error here, not a signal later
            matrix: Array = np.memmap(file, np.float32, "r+", shape=shape)
        return matrix

    def fill(self, matrix: Array, at: Array, digests: Sequence[str]) -> None:
        """Put the features of ``digests``, all of them known, into the rows ``at`` of ``matrix``."""
        places = np.array([self._place[digest.encode()] for digest in digests], dtype=np.int64).reshape(-1, 2)
        for number, shard in enumerate(self._shards):
            wanted = np.flatnonzero(places[:, 0] == number)
            for few in (wanted[start : start + PIECE] for start in range(0, len(wanted), PIECE)):
                matrix[at[few]] = shard["features"][places[few, 1]]

    def forget(self) -> None:
        """Remove every row."""
        self._shards, self._place = [], {}
        for file in self.folder.glob("*.npy"):
            file.unlink(missing_ok=True)

    def describe(self, facts: dict[str, Any]) -> None:
        """Write beside the shards what they are."""
        write_text(self.folder / FACTS, json.dumps(facts, indent=1))

    @property
    def facts(self) -> dict[str, Any]:
        """What ``describe`` wrote; empty where it didn't."""
        try:
            found: dict[str, Any] = json.loads((self.folder / FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    @contextlib.contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f"{self.folder} can't take {size / 2**20:,.1f} MiB of features: {error.strerror or error}",
                f"Make room; folders below {self.folder.parents[1]} that no run uses any more may be removed.",
                permanent=True,
            ) from None

    def _saved(self, shard: Array) -> Path:
        """The shard as a file that is there as a whole, or isn't."""
        handle, aside = tempfile.mkstemp(prefix=f"{_aside()}{os.getpid()}.", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, shard)
                file.flush()
                os.fsync(file.fileno())
            kept = self.folder / f"{file_digest(Path(aside))}.npy"
            Path(aside).replace(kept)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        return kept

    def _read(self, file: Path) -> None:
        """Take in a shard of an earlier run. A damaged one is removed: its images are computed again."""
        with contextlib.suppress(OSError):
            if file_digest(file) == file.stem:
                self._map(file)
            else:
                file.unlink()

    def _map(self, file: Path) -> None:
        shard = np.load(file, mmap_mode="r")
        number = len(self._shards)
        self._shards.append(shard)
        for row, digest in enumerate(shard["digest"].tolist()):
            self._place[digest] = (number, row)


def _aside() -> str:
    """How names of files begin that this machine's processes are writing; the process number follows."""
    return f".{platform.node()}."


def _sweep(folder: Path) -> None:
    """Remove what writers on this machine left aside that were killed: their process is gone."""
    for left in folder.glob(f"{_aside()}*"):
        pid = left.name.removeprefix(_aside()).split(".")[0]
        if pid.isdigit() and not lives(int(pid)):
            left.unlink(missing_ok=True)
