"""How many planted near-duplicates are found, how many pairs of other cells are taken for some, and what it costs.

    .venv/bin/python -m benchmarks.duplicates [FOLDER] [--planted N] [--images N]

FOLDER holds real cells, each once; without it, cells are drawn. Copies of --planted of them are compared with all of
them; then --images are timed, decoding included: the cells, and the same with their upper left cut off, which makes
other pictures of all but a few.
"""

import argparse
import hashlib
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd

from smearflow.data.lookalikes import Pictures, find_pairs
from smearflow.data.sources import file_at, list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.data.thumbnails import Thumbnails, stacked, thumbnails
from smearflow.progress import silent
from smearflow.settings import Demo, Duplicates

Change = Callable[[Pictures, np.random.Generator], Pictures]
SCALING = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)


def encoded(picture: Pictures, draw: np.random.Generator) -> Pictures:
    """JPEG of quality 60 to 95, and back."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(draw.integers(60, 96))])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def resized(picture: Pictures, draw: np.random.Generator) -> Pictures:
    """0.7 to 1.3 times as large, both extremes in half of all cases."""
    factor = draw.choice([0.7, 1.3]) if draw.random() < 0.5 else draw.uniform(0.7, 1.3)
    height, width = (round(side * factor) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=int(draw.choice(SCALING))), np.uint8)


def turned(picture: Pictures, draw: np.random.Generator) -> Pictures:
    return np.ascontiguousarray(np.rot90(picture, draw.integers(1, 4)))


def flipped(picture: Pictures, draw: np.random.Generator) -> Pictures:
    return np.ascontiguousarray(picture[::-1] if draw.random() < 0.5 else picture[:, ::-1])


def lit(picture: Pictures, draw: np.random.Generator) -> Pictures:
    """0.8 to 1.2 times as bright."""
    return np.clip(picture * draw.uniform(0.8, 1.2), 0, 255).astype(np.uint8)


def shifted(picture: Pictures, draw: np.random.Generator) -> Pictures:
    """51 grey values (20 %) brighter or darker, background and all."""
    return np.clip(picture.astype(int) + draw.choice([-51, 51]), 0, 255).astype(np.uint8)


def everything(picture: Pictures, draw: np.random.Generator) -> Pictures:
    for change in (resized, turned, flipped, lit, encoded):
        picture = change(picture, draw)
    return picture


CHANGES: dict[str, Change] = {
    "encoded anew": encoded,
    "resized": resized,
    "turned": turned,
    "flipped": flipped,
    "brighter, darker": lit,
    "shifted by 20 %": shifted,
    "all at once": everything,
}


def plant(folder: Path, paths: list[str], change: Change, aside: Path, seed: int) -> list[str]:
    """A changed copy of each of ``paths`` in ``aside``; the copies' paths."""
    draw = np.random.default_rng(seed)
    for number, path in enumerate(paths):
        picture = cv2.imread(str(file_at(folder, path)))
        assert picture is not None, path
        cv2.imwrite(str(aside / f"{number}.png"), change(np.asarray(picture, np.uint8), draw))
    return [f"{number}.png" for number in range(len(paths))]


def small(folder: Path, paths: list[str], workers: int) -> Pictures:
    """The thumbnails of ``paths`` below ``folder``, in order."""
    digests = [hashlib.sha256(file_at(folder, path).read_bytes()).hexdigest() for path in paths]
    with TemporaryDirectory() as kept:
        found = thumbnails(
            folder, pd.DataFrame({"path": paths, "sha256": digests}), Thumbnails(Path(kept)), workers, silent
        )
    return stacked([found[digest] for digest in digests])


def recall(folder: Path, paths: list[str], cells: Pictures, planted: int, workers: int) -> None:
    """Print how many copies of each kind are found among all cells, and which likeness they keep."""
    chosen = np.random.default_rng(7).choice(len(paths), min(planted, len(paths)), replace=False)
    for seed, (name, change) in enumerate(CHANGES.items()):
        with TemporaryDirectory() as aside:
            originals = [paths[at] for at in chosen]
            copies = small(Path(aside), plant(folder, originals, change, Path(aside), seed), workers)
        found = find_pairs(np.concatenate([cells, copies]), Duplicates().likeness)
        met = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.likeness, strict=True))
        kept = [met.get((int(at), len(cells) + number)) for number, at in enumerate(chosen)]
        likeness = [value for value in kept if value is not None]
        least = f"likeness from {min(likeness):.3f}" if likeness else ""
        print(f"{name:<18}{len(likeness):6,} of {len(kept):,} found, {len(likeness) / len(kept):7.2%}  {least}")


def cost(folder: Path, paths: list[str], images: int, workers: int) -> None:
    """Print the seconds for ``images`` different ones: the cells, and each again cut to a part of itself."""
    with TemporaryDirectory() as aside:
        draw = np.random.default_rng(11)
        for number in range(images):
            picture = cv2.imread(str(file_at(folder, paths[number % len(paths)])))
            assert picture is not None
            top, left = draw.integers(0, 30, 2) if number >= len(paths) else (0, 0)
            cv2.imwrite(str(Path(aside) / f"{number}.png"), picture[top : len(picture) - top // 3, left:])
        named = [f"{number}.png" for number in range(images)]
        started, worked = time.perf_counter(), time.process_time()
        pictures = small(Path(aside), named, workers)
        decoded = time.perf_counter()
        found = find_pairs(pictures, Duplicates().likeness)
        ended, cpu = time.perf_counter(), time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{images:,} images on {workers} processes, load {os.getloadavg()[0]:.1f}: {ended - started:.1f} s")
    print(f"  read, hashed, decoded {decoded - started:.1f} s, compared {ended - decoded:.1f} s")
    print(f"  {cpu:.1f} s of this process's processor time, {peak:.2f} GB at most, {len(found.first):,} pairs")


def compare(folder: Path, planted: int, images: int, workers: int) -> None:
    listing = list_folder(folder)
    paths = listing.files["path"].tolist()
    cells = small(listing.root, paths, workers)
    found = find_pairs(cells, Duplicates().likeness)
    rate = 5000 * len(found.first) / len(paths)
    print(f"{len(paths):,} cells of {folder.name}: {len(found.first):,} pairs, {rate:.2f} in 5,000")
    for at in range(min(10, len(found.first))):
        print(f"  {paths[found.first[at]]} {paths[found.second[at]]} {found.likeness[at]:.3f}")
    recall(listing.root, paths, cells, planted, workers)
    cost(listing.root, paths, images, workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--planted", type=int, default=1000)
    parser.add_argument("--images", type=int, default=27_558)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "cells"
        if not given.folder:
            draw_cells(folder, Demo(images=5000, patients=150))
        compare(folder, given.planted, given.images, given.workers)


if __name__ == "__main__":
    main()
