"""How fast images are scanned and validated: against decoding alone, against CleanVision, and a second time.

    .venv/bin/python -m benchmarks.scan [FOLDER ...] [--images N] [--rounds N] [--cleanvision PYTHON]

Without FOLDER: the real cells beside the checkout where they are, unpacked, and as many synthetic ones. CleanVision
(AGPL, which is why nothing here depends on it: the extra `compare`) runs all its default checks, two jobs, in a process
of its own, by an interpreter that has it. Its import and ours (Great Expectations above all) are shown apart.
Decoding and scanning count processor time and take turns, and the best round of each is shown: what else runs on the
machine weighs little. The other figures are wall time, one after the other.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np
from PIL import Image

from smearflow.data.scanning import CHUNK, measure_chunk, pool
from smearflow.data.sources import file_at, list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.settings import Data, Demo, Quality, Settings
from smearflow.workspace import Workspace

SHARED = Path(os.environ.get("SMEARFLOW_SHARED", Path(__file__).parents[2] / "shared"))
REAL = SHARED / "data" / "nlm_cells_128.zip"
NEW = 100  # one image in so many is new at the last rescan
CLEANVISION = """
import json, sys, time
start = time.perf_counter()
from cleanvision import Imagelab
imported = time.perf_counter()
if __name__ == "__main__":
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues(n_jobs=2, verbose=False)
    found = time.perf_counter() - imported
    print(json.dumps({"imports": imported - start, "seconds": found, "images": len(lab.issues)}))
"""


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


def against_decoding(folder: Path, images: int, rounds: int) -> None:
    """Print the rates of the scan and of decoding alone, in the same processes."""
    listing = list_folder(folder)
    paths = listing.files["path"].tolist()[:images]
    workers = os.cpu_count() or 1
    with pool(workers) as processes:
        rate(scan_chunk, listing.root, paths[: CHUNK * workers], processes)  # imports, file cache
        pairs = [
            [rate(work, listing.root, paths, processes) for work in (decode_chunk, scan_chunk)] for _ in range(rounds)
        ]
    decoded, scanned = (max(column) for column in zip(*pairs, strict=True))
    print(f"  {len(paths):,} images, {workers} processes, best of {rounds} rounds, images a second of a core:")
    print(f"  decode only {decoded:,.0f}, scan {scanned:,.0f}: ratio {scanned / decoded:.2f} (asked: 0.5 or more)")


def stages_of(folder: Path, scratch: Path, validated: bool = True) -> tuple[float, int]:
    """Seconds of ingest, scan and validate, as plain functions, and how many images were measured."""
    from tasks.ingest import ingest
    from tasks.scan import memory_of, scan
    from tasks.stage import Run
    from tasks.validate import validate

    data, quality, workspace = Data(source=str(folder)), Quality(), Workspace.at(scratch / "workspace")
    memory = memory_of(Run("validate", Settings(), workspace, "benchmark"))
    with TemporaryDirectory(dir=scratch) as results:
        start = time.perf_counter()
        source = ingest.function(Path(results) / "ingest", workspace, data)
        manifest = scan.function(Path(results) / "scan", source, data, quality, memory)
        if validated:
            validate.function(Path(results) / "validate", manifest.path, manifest.root, data, quality)
        return time.perf_counter() - start, manifest.measured


def against_cleanvision(folder: Path, scratch: Path, python: str) -> None:
    """Print what scan and validate take, and CleanVision, on the same images."""
    ours, measured = stages_of(folder, scratch)
    print(f"  ingest, scan and validate {measured:,} images: {ours:.1f} s, {measured / ours:,.0f} images a second")
    done = subprocess.run([python, "-c", CLEANVISION, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  no CleanVision: {' '.join(done.stderr.strip().splitlines()[-1:])}")
        return
    theirs = json.loads(done.stdout.strip().splitlines()[-1])
    print(
        f"  CleanVision, its default checks, 2 jobs: {theirs['seconds']:.1f} s, "
        f"{theirs['images'] / theirs['seconds']:,.0f} images a second (its import: {theirs['imports']:.1f} s more)"
    )
    print(f"  ratio {theirs['seconds'] / ours:.1f} (asked: 5 or more)")


def again(folder: Path, scratch: Path) -> None:
    """Print what a scan takes: the first, one of the unchanged folder, one with one image in NEW new."""
    cells = scratch / "growing"
    shutil.copytree(folder, cells)
    images = sorted(cells.rglob("*.png"))
    kept = {path: scratch / f"{number}.png" for number, path in enumerate(images[::NEW])}
    for path, aside in kept.items():
        path.rename(aside)
    with TemporaryDirectory(dir=scratch) as fresh:
        full, measured = stages_of(cells, Path(fresh), validated=False)
        unchanged, none = stages_of(cells, Path(fresh), validated=False)
        for path, aside in kept.items():
            aside.rename(path)
        grown, new = stages_of(cells, Path(fresh), validated=False)
    shutil.rmtree(cells)
    print(f"  scan of {measured:,} images {full:.2f} s; unchanged {unchanged:.2f} s, {none} decoded")
    print(f"  with {new} new ones {grown:.2f} s: {grown / full:.1%} of the full scan (asked: under 5 %)")


def drawn_or_real(scratch: Path) -> list[Path]:
    """The real cells unpacked, where they are, and as many synthetic ones."""
    made = []
    if REAL.exists():
        with ZipFile(REAL) as cells:
            cells.extractall(scratch / "real")
        made.append(scratch / "real" / "cell_images")
    draw_cells(scratch / "synthetic", Demo(images=9_356, patients=156))
    return [*made, scratch / "synthetic"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--images", type=int, default=10_000, help="of the comparison with decoding alone")
    parser.add_argument("--rounds", type=int, default=3, help="of the same")
    parser.add_argument("--cleanvision", default=sys.executable, metavar="PYTHON", help="interpreter that has it")
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folders = given.folders or drawn_or_real(Path(scratch))
        start = time.perf_counter()
        from great_expectations import get_context  # noqa: F401

        from expectations.contract import check  # noqa: F401

        print(f"imports, once a process: {time.perf_counter() - start:.1f} s")
        for folder in folders:
            print(folder.name if given.folders else f"{folder.relative_to(scratch).parts[0]} cells")
            against_decoding(folder, given.images, given.rounds)
            against_cleanvision(folder, Path(scratch), given.cleanvision)
            again(folder, Path(scratch))


if __name__ == "__main__":
    main()
