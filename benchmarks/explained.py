"""What explanation and novelty reach, and what they take.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.explained [--data ZIP] [--config config/malaria.yaml]

Synthetic cells first, because their parasites' places are known: each model of the configuration, and each ensemble, is
trained on them, and of the hits on patients that it never saw it is counted how many have the peak of their heat map
in a parasite's box. Then the same models on real cells, one fold of five: how many cells of patients never seen, and
of each kind of stranger, are called out of distribution. Last, how long heat maps of 5,512 test images take. Figures,
intervals and slices of as many are in benchmarks/evaluation.py.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.accuracy import SHARED, cells_of, divided, in_folds, trained_on
from smearflow.configuration import load_settings
from smearflow.data.splitting import parts_of
from smearflow.data.synthetic import draw_cells
from smearflow.models.child import import_keras
from smearflow.models.explain import Explainer
from smearflow.models.heatmaps import heat_table
from smearflow.models.novelty import learn_novelty
from smearflow.models.plans import plan_models
from smearflow.models.spec import Trained
from smearflow.registry.serving import load
from smearflow.settings import Demo, Settings
from smearflow.workspace import Workspace

TIMED = 5_512  # a fifth of the public set
CELLS = Demo(images=2400, patients=60)


def on_synthetic_cells(settings: Settings, scratch: Path, workspace: Workspace) -> None:
    """Print how often the peak of a hit's heat map lies in a parasite's box."""
    folder = scratch / "synthetic"
    draw_cells(folder, CELLS)
    truth = pd.read_csv(folder / "truth.csv", keep_default_na=False).set_index("path")["boxes"]
    root, models, table = models_on(folder, settings, scratch / "on-synthetic", workspace, folds=3)
    for name, model in models.items():
        said = pd.read_parquet(model.folder / "predictions.parquet").set_index("path")["probability"]
        rows = table[table["split"] == "test"].assign(probability=table["path"].map(said)).reset_index(drop=True)
        classifier = load(model.folder / "bundle")
        heat, _ = heat_table(Explainer(load(model.folder / "bundle").network), rows, root, classifier)
        hits = heat[heat["kind"] == "hit"]
        inside = [_in_a_box(root, row, truth) for _, row in hits.iterrows()]
        print(
            f"{name:<24} peak in a parasite's box: {np.mean(inside):.1%} of {len(hits)} hits (asked: 70 %); heat on "
            f"the cell, median {hits['share_inside'].median():.0%}; {heat['resolution'].iloc[0]} places a side",
            flush=True,
        )


def on_real_cells(source: Path, settings: Settings, scratch: Path, workspace: Workspace) -> None:
    """Print how many unseen cells and strangers are called out of distribution, and how long heat maps take."""
    root, models, table = models_on(source, settings, scratch / "on-real", workspace, folds=5)
    some = table.sample(TIMED, replace=len(table) < TIMED, random_state=0).assign(probability=0.5)
    for name, model in models.items():
        bundle = model.folder / "bundle"
        shares = learn_novelty(bundle, table, root, settings.evaluation.novelty)
        told = ", ".join(f"{kind} {share:.1%}" for kind, share in shares.items())
        print(f"{name:<24} out of distribution: {told} (asked: test at most 5 %, others at least 95 %)", flush=True)
        explainer, start = Explainer(load(bundle).network), time.perf_counter()
        heat_table(explainer, some, root, load(bundle))
        print(f"{name:<24} heat maps of {TIMED:,} images: {time.perf_counter() - start:.1f} s", flush=True)


def models_on(
    source: Path, settings: Settings, out: Path, workspace: Workspace, folds: int
) -> tuple[Path, dict[str, Trained], pd.DataFrame]:
    """The folder that images lie in, every model trained on one fold, and the split table."""
    out.mkdir()
    root, rows = cells_of(source, settings, workspace)
    table = divided(rows, in_folds(rows, folds), 0)
    table.to_parquet(out / "split.parquet")
    plans, parts = plan_models(settings), parts_of(table, out / "split.parquet", root)
    models = trained_on(settings, plans, {plan.label: parts for plan in plans}, out / out.name, workspace)
    return root, models, table


def _in_a_box(root: Path, row: pd.Series, truth: pd.Series) -> bool:
    with Image.open(root / row["path"]) as image:
        x, y = row["peak_x"] * image.width, row["peak_y"] * image.height
    corners = (map(int, box.split()) for box in truth[row["path"]].split(";"))
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in corners)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--config", type=Path, default=Path("config/malaria.yaml"))
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    settings = load_settings(given.config, given.set)
    import_keras(os.cpu_count() or 1, seed=0)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(Path(scratch) / "workspace")
        on_synthetic_cells(settings, Path(scratch), workspace)
        on_real_cells(given.data, settings, Path(scratch), workspace)


if __name__ == "__main__":
    main()
