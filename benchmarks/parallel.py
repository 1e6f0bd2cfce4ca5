"""Two backbones side by side, a core each, against each alone on one core: the seconds, and the ratio to the slower.

    .venv/bin/python -m benchmarks.parallel [--images 600] [--epochs 3]

Both are networks that are trained whole, so that every second is this machine's own work on pinned threads: `compact`
at 96 px, and at 128 px. Pairs of runs are repeated, and the medians told: neighbours on the machine come and go. Not
a test: figures go to docs/performance.md.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from smearflow.data.synthetic import draw_cells
from smearflow.models.backbones import resolve
from smearflow.models.leases import cores_of, our_cores
from smearflow.models.spec import TrainSpec
from smearflow.models.training import run_trainer
from smearflow.settings import Augment, Data, Demo, Lecture, Model, Train

SIZES = (96, 128)
LIMIT = 3600.0


def main() -> None:
    told = argparse.ArgumentParser()
    told.add_argument("--images", type=int, default=600)
    told.add_argument("--epochs", type=int, default=3)
    told.add_argument("--repeats", type=int, default=3)
    arguments = told.parse_args()
    cores = our_cores()
    if len(cores) < 2:
        raise SystemExit("this needs two cores")
    with tempfile.TemporaryDirectory() as aside:
        table = split_of(Path(aside) / "cells", arguments.images)
        measured = [once(Path(aside), table, arguments.epochs, cores[:2]) for _ in range(arguments.repeats)]
    names = [f"compact at {size} px" for size in SIZES]
    for place, name in enumerate(names):
        print(f"{name:<20} alone on one core {statistics.median(each[0][place] for each in measured):7.1f} s")
    print(f"{'both':<20} side by side      {statistics.median(each[1] for each in measured):7.1f} s")
    ratios = [both / max(alone) for alone, both in measured]
    print(f"ratio to the slower: {statistics.median(ratios):.3f} (of {', '.join(f'{r:.3f}' for r in ratios)})")


def once(aside: Path, table: Path, epochs: int, cores: list[int]) -> tuple[list[float], float]:
    """Seconds of each alone on one core, and of both side by side."""
    specs = [spec_of(table, aside, place, epochs, cores) for place in range(len(SIZES))]
    alone = [clocked([spec]) for spec in specs]
    return alone, clocked(specs)


def clocked(specs: list[TrainSpec]) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda spec: run_trainer(spec, LIMIT, lambda line: None), specs))
    return time.perf_counter() - start


def spec_of(table: Path, aside: Path, place: int, epochs: int, cores: list[int]) -> TrainSpec:
    """The training at ``place``, on its share of the cores: one."""
    data, train = Data(), Train()
    asked = Model(name="compact", input_size=SIZES[place], epochs=epochs)
    mine = cores_of(place, len(SIZES), cores)
    return TrainSpec(
        parts=table,
        root=table.parent,
        classes=data.classes,
        positive=data.positive,
        model=resolve(asked, None, train, Lecture()),
        weights_file=None,
        augment=Augment(),
        train=train,
        out=aside / f"at-{place}",
        cores=mine,
        threads=len(mine),
    )


def split_of(folder: Path, images: int) -> Path:
    """Drawn cells, and a table that puts four fifths of the patients into training."""
    data = Data()
    draw_cells(folder, Demo(images=images, patients=30), data.classes, data.positive, lambda count: None)
    files = sorted(folder.rglob("*.png"))
    rows = pd.DataFrame({"path": [str(file.relative_to(folder)) for file in files]})
    rows["sha256"] = rows["path"]
    rows["label"] = [file.parent.name for file in files]
    rows["group"] = [file.name.split("P")[0] for file in files]
    groups = sorted(rows["group"].unique())
    rows["split"] = ["val" if groups.index(group) % 5 == 0 else "train" for group in rows["group"]]
    rows.to_parquet(folder / "split.parquet", index=False)
    return folder / "split.parquet"


if __name__ == "__main__":
    main()
