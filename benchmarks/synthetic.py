"""Whether the synthetic smear is learnable, not trivial, and quick to draw.

    .venv/bin/python -m benchmarks.synthetic [--images N] [--patients N] [--seed N] [--epochs N] [--no-training]

Prints processor seconds of drawing, the accuracy of a logistic regression on all statistics of the manifest
(patient-grouped five-fold; asked: 0.75 at most), and that of `compact` on unseen patients (asked: 0.90 or more).
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from smearflow.data.manifest import STATISTICS, usable
from smearflow.data.scanning import scan
from smearflow.data.sources import list_folder
from smearflow.data.splitting import divide
from smearflow.data.synthetic import draw_cells
from smearflow.models.backbones import resolve
from smearflow.models.spec import TrainSpec
from smearflow.models.training import run_trainer
from smearflow.settings import Demo, Model, Settings

NLM = 27_558  # cells, to be drawn in under 2 minutes on 2 cores
CORES = os.cpu_count() or 1


def drawing(folder: Path, demo: Demo) -> None:
    before, started = os.times(), time.perf_counter()
    draw_cells(folder, demo)
    spent = sum(os.times()[:4]) - sum(before[:4])  # this process's and its workers', all ended by now
    wall = time.perf_counter() - started
    print(f"drawing: {demo.images:,} cells in {wall:.1f} s, {1000 * spent / demo.images:.2f} processor ms a cell")
    print(f"         {NLM:,} on 2 cores: {spent / demo.images * NLM / 2:.0f} s (asked: under 120 s)")


def scanned(folder: Path) -> pd.DataFrame:
    """The usable rows of the manifest."""
    settings = Settings()
    listing = list_folder(folder, settings.data.classes)
    manifest = scan(folder, listing.files, settings.data, settings.quality, CORES, lambda _: None)
    rows = usable(manifest)
    print(f"scan:    {len(rows):,} of {len(manifest):,} fit to use, {rows['label'].value_counts().to_dict()}")
    return rows


def statistics_alone(rows: pd.DataFrame, positive: str) -> np.ndarray:
    """Accuracy in each of five folds of patients of a logistic regression that doesn't see the pictures."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    columns = ["width", "height", "bytes", *(column.name for column in STATISTICS)]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    known = rows[columns].to_numpy(float), (rows["label"] == positive).to_numpy()
    return np.asarray(cross_val_score(model, *known, groups=rows["group"], cv=GroupKFold(5)))


def compact_alone(folder: Path, rows: pd.DataFrame, epochs: int, scratch: Path) -> pd.DataFrame:
    """Predictions for the test patients of `compact`, trained as a run trains it."""
    settings = Settings()
    parts = scratch / "split.parquet"
    divide(rows, settings.split).to_parquet(parts)
    spec = TrainSpec(
        parts=parts,
        root=folder,
        classes=settings.data.classes,
        positive=settings.data.positive,
        model=resolve(Model(name="compact", epochs=epochs), None, settings.train, settings.lecture),
        weights_file=None,
        augment=settings.augment,
        train=settings.train,
        out=scratch / "trained",
        threads=CORES,
    )
    trained = run_trainer(spec, settings.train.time_limit, lambda line: print(f"         {line}", flush=True))
    print(f"compact: {trained.params:,} parameters, {trained.epochs} epochs, {trained.train_seconds:.0f} s")
    predictions = pd.read_parquet(spec.out / "predictions.parquet")
    return predictions[predictions["split"] == "test"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=Demo().images)
    parser.add_argument("--patients", type=int, default=Demo().patients)
    parser.add_argument("--seed", type=int, default=Demo().seed)
    parser.add_argument("--epochs", type=int, default=Settings().train.epochs)
    parser.add_argument("--no-training", action="store_true")
    given = parser.parse_args()
    positive = Settings().data.positive
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "smear"
        drawing(folder, Demo(images=given.images, patients=given.patients, seed=given.seed))
        rows = scanned(folder)
        folds = statistics_alone(rows, positive)
        print(
            f"logistic regression on statistics: accuracy {folds.mean():.3f}, folds {folds.round(2)} (asked: <= 0.75)"
        )
        if not given.no_training:
            test = compact_alone(folder, rows, given.epochs, Path(scratch))
            right = (test["probability"] >= 0.5) == (test["label"] == positive)
            cells = f"{len(test):,} cells of {test['group'].nunique()} unseen patients"
            print(f"compact: accuracy {right.mean():.4f} on {cells} (asked: >= 0.90)")


if __name__ == "__main__":
    main()
