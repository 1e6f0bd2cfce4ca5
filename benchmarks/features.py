"""How fast each engine runs a frozen network here, and what a training costs that has seen the images before.

    .venv/bin/python -m benchmarks.features [FOLDER] [--images N] [--weights FILE]

FOLDER holds a folder a class of cells (default: the real cells beside the checkout, unpacked). Engines: MobileNetV2 at
96 px cut as it is by default, with the weights of FILE (default: those beside the checkout, else random ones), and
ResNet50 at 96 px, whole, on random ones: 64 images a step, engines in turns, the best step of each. Then trainers, a
process each: with nothing known, twice; with 1 image in 100 new; with one image new; with nothing new and another seed.
The seconds are those that a trainer tells, the wall time is that of its whole process, and memory is the largest
process's. It runs in a fresh workspace, which it removes. What else the machine does is in the figures.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import tempfile
import time
from pathlib import Path
from zipfile import ZipFile

import pandas as pd

from smearflow.data.sources import file_at, list_folder
from smearflow.models.backbones import find, resolve
from smearflow.models.child import import_keras
from smearflow.models.networks import features_of
from smearflow.models.pixels import decode_files
from smearflow.models.probe import RECORD, Candidates, fastest
from smearflow.models.spec import Trained, TrainSpec
from smearflow.models.training import run_trainer
from smearflow.settings import Augment, Lecture, Model, Train
from smearflow.workspace import Workspace

SHARED = Path(os.environ.get("SMEARFLOW_SHARED", Path(__file__).parents[2] / "shared"))
REAL = SHARED / "data" / "nlm_cells_128.zip"
WEIGHTS = SHARED / "weights" / "mobilenet_v2_1.00_no_top.weights.h5"
CORES = os.cpu_count() or 1
NETWORKS = (Model(name="MobileNetV2", input_size=96), Model(name="ResNet50", input_size=96, weights="random"))


def main() -> None:
    told = argparse.ArgumentParser()
    told.add_argument("folder", type=Path, nargs="?")
    told.add_argument("--images", type=int, help="take so many, all without")
    told.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments = told.parse_args()
    weights = arguments.weights if arguments.weights.is_file() else None
    with tempfile.TemporaryDirectory() as aside:
        folder = arguments.folder or unpacked(Path(aside))
        rows = split_of(folder, arguments.images)
        trainings(rows, folder, weights, Workspace.at(Path(aside) / "workspace"))
        engines(rows, folder, weights, Path(aside) / "engines")


def unpacked(aside: Path) -> Path:
    """The real cells."""
    with ZipFile(REAL) as archive:
        archive.extractall(aside)
    return aside / "cell_images"


def split_of(folder: Path, images: int | None) -> pd.DataFrame:
    """A split table of the cells in ``folder``, patients apart by their names, spread over the whole listing."""
    paths = [path for path in list_folder(folder).files["path"] if path.endswith(".png")]
    paths = paths[:: max(1, len(paths) // images)][:images] if images else paths
    groups = [found[0] if (found := re.match(r"C\d+", Path(path).name)) else path for path in paths]
    draws = [int(hashlib.sha256(group.encode()).hexdigest(), 16) % 10 for group in groups]
    return pd.DataFrame(
        {
            "path": paths,
            "sha256": [hashlib.sha256(file_at(folder, path).read_bytes()).hexdigest() for path in paths],
            "label": [path.split("/")[0] for path in paths],
            "group": groups,
            "split": ["train" if draw < 6 else "val" if draw < 8 else "test" for draw in draws],
        }
    )


def trainings(rows: pd.DataFrame, root: Path, weights: Path | None, workspace: Workspace) -> None:
    """Train with nothing known, and then with more and more of it known."""
    print(f"trainers of MobileNetV2 at 96 px, {len(rows):,} cells, {CORES} cores")
    spread = rows.sample(frac=1, random_state=1)
    one, hundredth = spread.iloc[1:], spread.iloc[len(rows) // 100 :]
    for name, seen in (("1 in 100 unknown to the next", hundredth), ("1 unknown to the next", one)):
        train(f"first, {name}", seen, root, weights, Workspace.at(workspace.root / str(len(seen))))
    train("1 in 100 is new", rows, root, weights, Workspace.at(workspace.root / str(len(hundredth))))
    train("one is new", rows, root, weights, Workspace.at(workspace.root / str(len(one))))
    train("nothing is new, another seed", rows, root, weights, Workspace.at(workspace.root / str(len(one))), seed=7)


def train(
    name: str, rows: pd.DataFrame, root: Path, weights: Path | None, workspace: Workspace, seed: int = 1337
) -> Trained:
    """One trainer, whose engines and features are ``workspace``'s; print what it took."""
    how, out = Train(seed=seed), Path(tempfile.mkdtemp(dir=workspace.root))
    table = out / "split.parquet"
    rows.to_parquet(table, index=False)
    spec = TrainSpec(
        parts=table,
        root=root,
        classes=("Parasitized", "Uninfected"),
        positive="Parasitized",
        model=resolve(NETWORKS[0], None if weights else "random", how, Lecture()),
        weights_file=weights,
        augment=Augment(),
        train=how,
        out=out,
        threads=CORES,
        engines=workspace.engines,
        features=workspace.features,
    )
    trained = run_trainer(spec, 3600, lambda line: None)
    took = ", ".join(f"{step} {seconds:.1f}" for step, seconds in trained.seconds.model_dump().items())
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    engine, wall = trained.engine, trained.train_seconds
    print(f"{name}: {wall:.1f} s ({took}), {engine}; the largest process so far {memory:.2f} GiB", flush=True)
    return trained


def engines(rows: pd.DataFrame, root: Path, weights: Path | None, home: Path) -> None:
    """Print images a second of each engine, and what finding and loading the fastest took."""
    import_keras(CORES, 1)
    files = [file_at(root, path) for path in rows["path"]]
    golden = decode_files(files[:: max(1, len(files) // 32)][:32], 96).pixels
    for model in NETWORKS:
        row = find(model.name)
        resolved = resolve(model, None if weights else "random", Train(), Lecture())
        frozen = features_of(row, resolved, weights if model is NETWORKS[0] else None)
        wanted = Candidates(frozen, golden, model.name, CORES, ("f32", "bf16"))
        for step in ("tried", "loaded"):
            start = time.perf_counter()
            chosen = fastest(wanted, home / model.name)
            print(f"{model.name}: {step} in {time.perf_counter() - start:.1f} s, {chosen.name}")
        found = json.loads(next((home / model.name).glob(f"*/{RECORD}")).read_text(encoding="utf-8"))
        print(f"{model.name}: " + ", ".join(f"{name} {rate:,.0f} images/s" for name, rate in found["rates"].items()))


if __name__ == "__main__":
    main()
