"""From a listing to the manifest: every image measured once, in parallel processes, then compared with the others.

An image whose decoder kills its process costs that one image, not the run.
"""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol

import pandas as pd

from smearflow.data.groups import assign_groups
from smearflow.data.images import Row, measure, undecodable
from smearflow.data.manifest import COLUMNS, Kind, as_manifest
from smearflow.data.overlay import with_labels
from smearflow.data.sources import file_at
from smearflow.errors import SmearflowError
from smearflow.processes import image_workers
from smearflow.settings import Data, Quality

CHUNK = 100  # images a piece of work: 40 ms, long against the cost of handing it over
FEW = 600  # up to here, starting processes (0.7 s) costs more than it saves
WAITING = 2  # pieces handed out for each worker: one at work, one in reserve
DIED = "the process that decoded it died"

LATER = (
    "path",
    "label",
    "label_given",
    "label_source",
    "group",
    "cluster",
    "breaks",
)  # what an image doesn't show by itself
FACTS: dict[str, Kind] = {c.name: c.dtype for c in COLUMNS if c.name not in LATER}

Chunk = list[str]
Piece = tuple[Chunk, list[Row]]  # paths, and the row of each


class Measurers(Protocol):
    """Who measures images. ``digest`` is the same for all: who did it is no part of a cache key."""

    digest: str

    def measure(self, root: Path, paths: list[str], quality: Quality) -> Generator[Piece]:
        """Measure the files at ``paths`` below ``root``; yields pieces as they are done, in any order."""


class Processes:
    """Processes of this machine, ``count`` of them; default: one a core."""

    digest = "measurers"

    def __init__(self, count: int | None = None) -> None:
        self.count = count or os.cpu_count() or 1

    def measure(self, root: Path, paths: list[str], quality: Quality) -> Generator[Piece]:
        return measure_all(root, paths, quality, self.count)


HERE: Measurers = Processes()


def scan(
    root: Path, listing: pd.DataFrame, data: Data, quality: Quality, workers: int, progress: Callable[[int], None]
) -> pd.DataFrame:
    """The manifest of the images in ``listing`` (path, label, bytes, fault; paths below ``root``).

    ``progress`` is told how many images are newly done. Raises UsageError where a usable image's group is unknown.
    """
    return complete(measure_listed(root, listing, quality, Processes(workers), progress), listing, data)


def measure_listed(
    root: Path, listing: pd.DataFrame, quality: Quality, measurers: Measurers, progress: Callable[[int], None]
) -> pd.DataFrame:
    """What each image in ``listing`` shows by itself: the columns FACTS, by path. What has a fault isn't decoded."""
    faults = listing.set_index("path")["fault"].dropna()
    sound = listing.loc[listing["fault"].isna(), "path"].tolist()
    measured = {str(path): undecodable(file_at(root, str(path)), said) for path, said in faults.items()}
    progress(len(measured))
    with contextlib.closing(measurers.measure(root, sound, quality)) as pieces:
        for chunk, results in pieces:
            measured.update(zip(chunk, results, strict=True))
            progress(len(chunk))
    return as_facts(pd.DataFrame.from_dict(measured, orient="index"))


def as_facts(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows``, by path, with exactly the columns FACTS in the manifest's dtypes."""
    return rows.reindex(columns=list(FACTS)).astype(FACTS).rename_axis("path")


def complete(
    facts: pd.DataFrame, listing: pd.DataFrame, data: Data, opinions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The manifest of ``listing``, of which ``facts`` has the row of each path. Raises UsageError as ``scan`` does.

    ``opinions``: what readers said of labels (overlay.OPINIONS); None: of cells that are checked, not learned from, so
    that none has to have a label.
    """
    rows = listing.set_index("path")[["label", "bytes"]]
    told = rows[["label"]].join(facts)
    told["bytes"] = told["bytes"].fillna(rows["bytes"])
    given = as_manifest(told.reset_index())
    return finish(given.assign(label_given=given["label"]) if opinions is None else with_labels(given, opinions), data)


def finish(manifest: pd.DataFrame, data: Data) -> pd.DataFrame:
    """``manifest`` with the reasons that only the whole set shows, and with groups."""
    judged = manifest.assign(reason=with_set_reasons(manifest, data))
    return judged.assign(group=assign_groups(judged["path"], judged["reason"].isna(), data))


def with_set_reasons(manifest: pd.DataFrame, data: Data) -> pd.Series:
    """The column ``reason`` with unknown_class, label_conflict and duplicate added, in this order.

    Each is decided among the rows that nothing speaks against so far: a copy in a folder that is no class says
    nothing of the original.
    """
    reason = manifest["reason"].copy()
    reason[reason.isna() & manifest["label"].notna() & ~manifest["label"].isin(data.classes)] = "unknown_class"
    picture = manifest["pixels"].fillna(manifest["sha256"])  # the same picture, whatever the bytes
    fit = manifest.assign(picture=picture)[reason.isna()]
    labels = fit.groupby("picture")["label"].transform("nunique")
    reason[labels.index[labels > 1]] = "label_conflict"
    fit = fit[reason[fit.index].isna()]
    reason[fit.index[fit.duplicated(["picture", "label"])]] = "duplicate"  # rows are sorted by path: the first stays
    return reason


def measure_all(root: Path, paths: list[str], quality: Quality, workers: int) -> Generator[Piece]:
    """Measure the files at ``paths`` below ``root``; yields pieces as they are done, in any order."""
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    if workers < 2 or len(paths) <= FEW:
        yield from ((chunk, measure_chunk(root, chunk, quality)) for chunk in chunks)
        return
    while chunks:
        for suspect in (yield from _until_a_worker_dies(root, chunks, quality, workers)):
            yield suspect, one_at_a_time(root, suspect, quality)


def measure_chunk(root: Path, chunk: Chunk, quality: Quality) -> list[Row]:
    """One piece of work: the rows of ``chunk``, in order."""
    return [measure(file_at(root, path), quality) for path in chunk]


def _until_a_worker_dies(
    root: Path, chunks: list[Chunk], quality: Quality, workers: int
) -> Generator[Piece, None, list[Chunk]]:
    """Take from ``chunks`` and yield them measured; returns those that were being measured when a worker died."""
    at_work: dict[Future[list[Row]], Chunk] = {}
    with pool(workers) as processes, contextlib.suppress(BrokenProcessPool):
        while chunks or at_work:
            while chunks and len(at_work) < WAITING * workers:
                future = processes.submit(measure_chunk, root, chunks[-1], quality)
                at_work[future] = chunks.pop()
            for done in wait(at_work, return_when=FIRST_COMPLETED).done:
                rows = done.result()
                yield at_work.pop(done), rows
    return list(at_work.values())


def one_at_a_time(root: Path, chunk: Chunk, quality: Quality) -> list[Row]:
    """The rows of ``chunk``; an image that ends the process which has only it to decode is corrupt."""
    rows: list[Row] = []
    while len(rows) < len(chunk):
        with pool(1) as process:
            try:
                for path in chunk[len(rows) :]:
                    rows += process.submit(measure_chunk, root, [path], quality).result()
            except BrokenProcessPool:
                rows.append(undecodable(file_at(root, chunk[len(rows)]), DIED))
    return rows


@contextlib.contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that decode images, checked to have started."""
    with image_workers(workers) as processes:
        try:
            for started in [processes.submit(os.getpid) for _ in range(workers)]:
                started.result()
        except BrokenProcessPool:
            raise SmearflowError(
                "The processes that decode images end as soon as they start.",
                "Look above for what they said; a script that calls scan needs `if __name__ == '__main__':`.",
            ) from None
        yield processes
