"""The whole job at full size, from an unpacked folder to a registered model; then with 1 % new images; then unchanged.

    .venv/bin/python -m benchmarks.whole_job [--data FOLDER] [--images 27558] [--patients 200] [--set KEY=VALUE ...]

Synthetic cells with the size spread of real ones are drawn first, unless a folder is given. `compact` at 3 epochs,
MobileNetV2 and MobileNet by cut features at 96 px, their ImageNet weights where they are to be had, else random ones;
near-duplicates and label scores are off. A server is up before the clock starts. Memory: proportional shares (PSS) of
the command and of all processes below it, summed twice a second; the server isn't among them. Linux.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smearflow.data.synthetic import draw_cells
from smearflow.service.prefect_server import ensure_server, stop_server
from smearflow.settings import Demo
from smearflow.summary import read_summary
from smearflow.workspace import Workspace

CONFIGURATION = """
data: {group_pattern: '^(C\\d+)'}
duplicates: {near: 'off'}
models:
  - {name: compact, epochs: 3}
  - {name: MobileNetV2, input_size: 96, fallback: random}
  - {name: MobileNet, input_size: 96, fallback: random}
"""
NEW = 0.01  # share of images that come new


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--data", type=Path)
    told.add_argument("--images", type=int, default=27_558)
    told.add_argument("--patients", type=int, default=200)
    told.add_argument("--set", action="append", default=[])
    given = told.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        cells = given.data or drawn(Path(aside) / "cells", given.images, given.patients, seed=1)
        folder = Path(aside) / "growing"
        shutil.copytree(cells, folder, copy_function=os.link)
        measure(Path(aside), folder, [f"--set={each}" for each in given.set])


def measure(aside: Path, folder: Path, chosen: list[str]) -> None:
    """Run the job three times, and print what each took."""
    (aside / "config.yaml").write_text(CONFIGURATION)
    workspace = Workspace.at(aside / "workspace")
    started = time.perf_counter()
    ensure_server(workspace)
    print(f"server start {time.perf_counter() - started:.1f} s, before the clock")
    try:
        full = run(workspace, aside, folder, chosen, "first run")
        images = sum(1 for _ in folder.rglob("*.png"))
        added = drawn(aside / "new", max(60, int(NEW * images)), 6, seed=2)
        merge(added, folder)
        again = run(workspace, aside, folder, chosen, "with 1 % new images")
        fixed = run(workspace, aside, folder, chosen, "unchanged")
        over = (again - fixed) / (full - fixed)
        print(f"1 % new: {again / full:.3f} of the first run; {over:.3f} over the unchanged one")
    finally:
        stop_server(workspace)


def drawn(folder: Path, images: int, patients: int, seed: int) -> Path:
    started = time.perf_counter()
    draw_cells(folder, Demo(images=images, patients=patients, seed=seed))
    print(f"{images:,} cells of {patients} patients drawn in {time.perf_counter() - started:.0f} s")
    return folder


def merge(added: Path, folder: Path) -> None:
    """Move the images of ``added`` into ``folder``, of patients of their own."""
    for file in added.rglob("*.png"):
        file.rename(folder / file.relative_to(added).with_name(f"C9{file.name[1:]}"))


def run(workspace: Workspace, aside: Path, folder: Path, chosen: list[str], name: str) -> float:
    """One run of the command: its seconds, printed with its stages and its greatest memory."""
    command = [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace.root)]
    log = aside / "run.log"
    started = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--config", str(aside / "config.yaml"), "--data", str(folder), *chosen],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        greatest = watched(process)
    took = time.perf_counter() - started
    if process.returncode not in (0, 1):
        raise SystemExit(log.read_text()[-3000:])
    summary = read_summary(workspace.latest / "summary.json")
    stages = ", ".join(f"{stage.name} {stage.seconds:.1f}" for stage in summary.stages)
    models = ", ".join(f"{model.name} {model.train_seconds or 0:.0f} s" for model in summary.models)
    print(f"{name}: {took:.1f} s, at most {greatest / 2**30:.2f} GiB; {stages}; {models}", flush=True)
    return took


def watched(process: "subprocess.Popen[bytes]") -> int:
    """Wait for ``process``: the greatest sum of what it and those below it hold, bytes."""
    greatest = 0
    while process.poll() is None:
        greatest = max(greatest, sum(map(held_by, family(process.pid))))
        time.sleep(0.5)
    return greatest


def family(root: int) -> set[int]:
    """The processes below ``root``, and itself."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def held_by(pid: int) -> int:
    """The proportional share of memory of ``pid``, bytes; 0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
