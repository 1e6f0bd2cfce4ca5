"""Small grey pictures of images, decoded once: they are kept by the digest of the file, wherever it lies.

They have a file of their own beside what scans remember: 2,304 bytes an image that only the search for duplicates
needs.
"""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from smearflow.data.images import FORMATS
from smearflow.data.lookalikes import SIDE, Pictures
from smearflow.data.sources import file_at
from smearflow.processes import image_workers
from smearflow.provenance import code_digest, lock_digest
from smearflow.registry.serving import DECODER_ERRORS, to_rgb
from smearflow.workspace import digest_of

CHUNK = 100  # images a piece of work
FEW = 200  # up to here, starting processes costs more than it saves

Job = tuple[Path, tuple[tuple[str, str], ...]]  # root; path and sha256 of each


@dataclass(frozen=True)
class Thumbnails:
    """What is kept below ``folder``, a file a root. ``fresh``: nothing is recalled, and all is kept.

    As an argument of a stage it changes no result, hence the constant digest.
    """

    folder: Path
    fresh: bool = False
    digest: ClassVar[str] = "thumbnails"

    def recall(self, root: Path) -> dict[str, Pictures]:
        """Known pictures by sha256. A damaged file counts as empty."""
        if self.fresh:
            return {}
        try:
            with self._file(root).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return dict(zip(kept["digests"].tolist(), kept["pictures"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}

    def keep(self, root: Path, pictures: dict[str, Pictures]) -> None:
        """Put ``pictures`` in place of what was kept for ``root``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self.folder) as aside:
            written = Path(aside) / "thumbnails.npz"
            np.savez(written, digests=np.array(list(pictures), "U64"), pictures=stacked(list(pictures.values())))
            written.replace(self._file(root))

    def _file(self, root: Path) -> Path:
        made_with = (str(root), code_digest("smearflow.data.thumbnails"), lock_digest())
        return self.folder / f"thumbnails-{digest_of(*made_with)}.npz"


def thumbnails(
    root: Path, rows: pd.DataFrame, kept: Thumbnails, workers: int, progress: Callable[[int], None]
) -> dict[str, Pictures]:
    """The picture of each of ``rows`` (path, sha256) below ``root``, by sha256; (48, 48) grey.

    What has gone or changed since the scan is left out. ``progress`` is told how many images are newly done.
    """
    known = kept.recall(root)
    wanted = rows.drop_duplicates("sha256")
    new = wanted[~wanted["sha256"].isin(known.keys())]
    made = dict(_make_all(root, new, workers, progress))
    pictures = {sha256: known[sha256] for sha256 in wanted["sha256"] if sha256 in known} | made
    if made or len(pictures) < len(known):
        kept.keep(root, pictures)
    return pictures


def stacked(pictures: Sequence[Pictures]) -> Pictures:
    """(n, 48, 48), also of none."""
    return np.stack(pictures) if pictures else np.empty((0, SIDE, SIDE), np.uint8)


def thumbnail_of(file: Path, sha256: str) -> Pictures | None:
    """The image at ``file``, whatever its proportions, as 48 x 48 grey values; None where it isn't what it was."""
    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            return None
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            grey = cv2.cvtColor(np.asarray(to_rgb(image)), cv2.COLOR_RGB2GRAY)
    except DECODER_ERRORS:
        return None
    how = cv2.INTER_AREA if min(grey.shape) >= SIDE else cv2.INTER_CUBIC
    small: Pictures = cv2.resize(grey, (SIDE, SIDE), interpolation=how)
    return small


def _make_all(
    root: Path, rows: pd.DataFrame, workers: int, progress: Callable[[int], None]
) -> list[tuple[str, Pictures]]:
    named = list(zip(rows["path"], rows["sha256"], strict=True))
    jobs: list[Job] = [(root, tuple(named[at : at + CHUNK])) for at in range(0, len(named), CHUNK)]
    made: list[tuple[str, Pictures]] = []
    if workers < 2 or len(named) <= FEW:
        for job in jobs:
            made += make_chunk(job)
            progress(len(job[1]))
        return made
    with image_workers(workers) as processes:
        for job, pictures in zip(jobs, processes.map(make_chunk, jobs), strict=True):
            made += pictures
            progress(len(job[1]))
    return made


def make_chunk(job: Job) -> list[tuple[str, Pictures]]:
    """One piece of work."""
    root, named = job
    made = ((sha256, thumbnail_of(file_at(root, path), sha256)) for path, sha256 in named)
    return [(sha256, picture) for sha256, picture in made if picture is not None]
