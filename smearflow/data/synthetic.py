"""The synthetic smear: seeded blood cells that the project draws itself, laid out and named as the NLM set is.

``draw_cells`` writes FOLDER/<class>/<name>.png, and FOLDER/truth.csv with what is on each cell. A cell depends on the
seed, its patient and its own number alone, so the result is the same on any number of workers. By design the classes
differ in parasites, not in size, brightness or stain (benchmarks/synthetic.py measures what is left of that).
"""

import contextlib
import csv
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smearflow.data.smear_drawing import Picture, draw_cell, draw_slide
from smearflow.data.synthetic_faults import plant_faults
from smearflow.errors import SettingsError, UsageError
from smearflow.processes import image_workers
from smearflow.progress import Advance, silent
from smearflow.settings import Demo

TRUTH = ("path", "label", "group", "kind", "boxes")  # columns of truth.csv
FAULTS = ("path", "reason", "what")  # columns of faults.csv
Row = tuple[str, str, str, str, str]  # of truth.csv
HEALTHY = 0.25  # share of patients without a parasite; NLM: 50 of 200
BATCH = 50  # cells that a worker draws at a time
FEW = 300  # below so many cells, starting workers takes longer than drawing


@dataclass(frozen=True)
class Sitter:
    """One cell to draw: where its picture goes, and what makes it this one."""

    path: str  # below the folder: class/name
    group: str
    patient: int
    number: int  # of the cell among its patient's, from 1
    infected: bool


def draw_cells(
    folder: Path,
    demo: Demo,
    classes: tuple[str, str] = ("Parasitized", "Uninfected"),
    positive: str = "Parasitized",
    progress: Advance = silent,
    workers: int | None = None,
) -> None:
    """Draw ``demo.images`` cells of ``demo.patients`` patients into ``folder``, complete or not at all.

    truth.csv has a row a cell: path, label, group (the patient), kind (all marks on the cell, separated by ``;``,
    parasites first), boxes (``x0 y0 x1 y1`` of each parasite in the same order, pixels, x1 and y1 just outside). With
    ``demo.faults``, faults are planted beside the cells (synthetic_faults.py) and listed in faults.csv.
    ``progress`` gets the number of cells newly done; ``workers`` are processes (default: by CPU cores and size).
    Raises UsageError where ``folder`` holds something, SettingsError for more patients than images.
    """
    folder = folder.absolute()
    _refuse_what_is_there(folder)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)  # of a process of the same number that was killed
    try:
        for name in classes:
            (aside / name).mkdir(parents=True)
        negative = next(name for name in classes if name != positive)
        sitters = cast_cells(demo, positive, negative)
        _write_table(aside / "truth.csv", TRUTH, _draw_all(aside, demo.seed, sitters, progress, workers))
        if demo.faults:
            _write_table(aside / "faults.csv", FAULTS, plant_faults(aside, positive, negative))
        _put(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def cast_cells(demo: Demo, positive: str, negative: str) -> list[Sitter]:
    """Who is drawn: patients of unequal numbers of cells, a quarter of them healthy, half of all cells infected."""
    if demo.patients > demo.images:
        raise SettingsError(
            f"data.demo.patients must not be above data.demo.images, got {demo.patients} patients for {demo.images}",
            f"ask for {demo.patients} images or more, or pass --set data.demo.patients={max(6, demo.images // 30)}",
        )
    draw = np.random.default_rng([demo.seed, demo.images, demo.patients])
    shares = np.exp(draw.normal(0, 0.4, demo.patients))
    counts = 1 + draw.multinomial(demo.images - demo.patients, shares / shares.sum())
    healthy = draw.permutation(demo.patients) < round(HEALTHY * demo.patients)
    ids = np.sort(draw.choice(max(240, demo.patients), demo.patients, replace=False)) + 1
    infected = _infected(draw, counts, healthy, demo.images // 2)
    sitters = []
    for patient, flags in enumerate(np.split(infected, np.cumsum(counts)[:-1])):
        names = _names(draw, int(ids[patient]), bool(healthy[patient]), len(flags))
        for number, (name, flag) in enumerate(zip(names, flags, strict=True), start=1):
            path = f"{positive if flag else negative}/{name}"
            sitters.append(Sitter(path, f"C{ids[patient]}", patient, number, bool(flag)))
    return sitters


def encode_png(picture: Picture) -> bytes:
    """A picture (height, width, 3), RGB, as the bytes of a PNG file."""
    import cv2

    # Of zlib's ways, run lengths are the fastest here by far, and the smallest: noise holds no longer repeats.
    options = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    return bytes(cv2.imencode(".png", picture[..., ::-1], options)[1])


def _refuse_what_is_there(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and isn't an empty folder", "name a folder that doesn't exist yet")


def _put(aside: Path, folder: Path) -> None:
    """Rename into place. An empty folder stays the one it is (a shell may stand in it): it is filled, tables last."""
    if not folder.exists():
        aside.rename(folder)
        return
    for child in sorted(aside.iterdir(), key=Path.is_file):
        child.rename(folder / child.name)


def _infected(
    draw: np.random.Generator, counts: NDArray[np.int64], healthy: NDArray[np.bool_], wanted: int
) -> NDArray[np.bool_]:
    """Which cells are infected, (cells,): ``wanted`` of them, none of a healthy patient, unequal among the others."""
    burden = draw.normal(0, 0.1, len(counts))
    order = draw.random(counts.sum()) + np.repeat(np.where(healthy, np.inf, burden), counts)
    possible = int(counts[~healthy].sum())
    infected = np.zeros(len(order), bool)
    infected[np.argsort(order)[: min(wanted, int(0.8 * possible))]] = True
    return infected


def _names(draw: np.random.Generator, patient: int, healthy: bool, count: int) -> Iterator[str]:
    """File names as in the NLM set: patient, smear, when the field was photographed, number of the cell."""
    smear = f"C{patient}P{draw.integers(1, 240)}{'N_' if healthy else ''}ThinF"
    first = datetime(2015, 6, 1, 9) + timedelta(minutes=int(draw.integers(0, 300 * 24 * 60)))
    fields = [first + timedelta(seconds=int(s)) for s in np.cumsum(draw.integers(20, 150, 1 + count // 12))]
    for number in np.sort(draw.choice(2 * count + 150, count, replace=False)) + 1:
        yield f"{smear}_IMG_{fields[draw.integers(len(fields))]:%Y%m%d_%H%M%S}_cell_{number}.png"


def _draw_all(folder: Path, seed: int, sitters: Sequence[Sitter], progress: Advance, workers: int | None) -> list[Row]:
    """Every sitter's picture below ``folder``; their rows of the truth, in the sitters' order."""
    batches = [(folder, seed, sitters[at : at + BATCH]) for at in range(0, len(sitters), BATCH)]
    workers = workers or (1 if len(sitters) < FEW else os.cpu_count() or 1)
    rows: list[Row] = []
    with _drawers(workers) as mapped:
        for drawn in mapped(_draw_batch, batches):
            rows += drawn
            progress(len(drawn))
    return rows


@contextlib.contextmanager
def _drawers(workers: int) -> Iterator[Callable[..., Iterable[list[Row]]]]:
    """A ``map`` over that many processes, or over this one. They don't outlive it, however it ends."""
    if workers == 1:
        yield map
        return
    pool = image_workers(workers)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _draw_batch(job: tuple[Path, int, Sequence[Sitter]]) -> list[Row]:
    folder, seed, sitters = job
    return [_draw_one(folder, seed, sitter) for sitter in sitters]


def _draw_one(folder: Path, seed: int, sitter: Sitter) -> Row:
    slide = draw_slide(np.random.default_rng([seed, sitter.patient]))
    cell = draw_cell(np.random.default_rng([seed, sitter.patient, sitter.number]), slide, sitter.infected)
    (folder / sitter.path).write_bytes(encode_png(cell.picture))
    boxes = ";".join(" ".join(map(str, box)) for box in cell.boxes)
    return sitter.path, Path(sitter.path).parent.name, sitter.group, ";".join(cell.kinds), boxes


def _write_table(path: Path, header: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *sorted(rows)])
