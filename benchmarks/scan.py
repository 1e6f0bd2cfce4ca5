"""How fast images are scanned, against decoding them alone in the same processes.

    .venv/bin/python -m benchmarks.scan [FOLDER] [--workers N] [--images N] [--rounds N]

Without FOLDER: the real cells beside the checkout where they are, else noise drawn here. Processor time is counted,
the two measures take turns, and the best round of each is shown: what else runs on the machine weighs little.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from smearflow.data.scanning import CHUNK, measure_chunk, pool
from smearflow.data.sources import file_at, list_folder
from smearflow.settings import Quality

SHARED = Path(os.environ.get("SMEARFLOW_SHARED", Path(__file__).parents[2] / "shared"))


def decode_chunk(root: Path, chunk: list[str]) -> int:
    """What can't be avoided: read, decode to RGB pixels."""
    return sum(np.asarray(Image.open(file_at(root, path)).convert("RGB")).shape[0] > 0 for path in chunk)


def scan_chunk(root: Path, chunk: list[str]) -> int:
    """The scan's own piece of work, its rows included."""
    return len(measure_chunk(root, chunk, Quality()))


def timed(work: Callable[[Path, list[str]], int], root: Path, chunk: list[str]) -> float:
    """Processor seconds of one piece of work, in the process that does it."""
    started = time.process_time()
    work(root, chunk)
    return time.process_time() - started


def rate(work: Callable[[Path, list[str]], int], root: Path, paths: list[str], processes: ProcessPoolExecutor) -> float:
    """Images per second of a core."""
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    works, roots = [work] * len(chunks), [root] * len(chunks)
    return len(paths) / sum(processes.map(timed, works, roots, chunks))


def draw(folder: Path, images: int = 2000) -> Path:
    """Noise of the cells' usual size: as hard to decode as a picture gets."""
    noise = np.random.default_rng(0)
    for number in range(images):
        Image.fromarray(noise.integers(0, 256, (130, 130, 3), dtype=np.uint8)).save(folder / f"{number}.png")
    return folder


def compare(folder: Path, workers: int, images: int, rounds: int) -> None:
    listing = list_folder(folder)
    paths = listing.files["path"].tolist()[:images]
    with pool(workers) as processes:
        rate(scan_chunk, listing.root, paths[: CHUNK * workers], processes)  # imports, file cache
        pairs = [
            [rate(work, listing.root, paths, processes) for work in (decode_chunk, scan_chunk)] for _ in range(rounds)
        ]
    decoded, scanned = (max(column) for column in zip(*pairs, strict=True))
    print(f"{folder}: {len(paths):,} images, {workers} processes, best of {rounds} rounds")
    print(f"decode only {decoded:8,.0f} images a second of a core")
    print(f"scan        {scanned:8,.0f} images a second of a core")
    print(f"ratio       {scanned / decoded:8.2f} (at least 0.50 is asked)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cells = given.folder or SHARED / "data" / "malaria_cells"
    with TemporaryDirectory() as scratch:
        folder = cells if cells.is_dir() else draw(Path(scratch))
        compare(folder, given.workers, given.images, given.rounds)


if __name__ == "__main__":
    main()
