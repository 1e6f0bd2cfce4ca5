"""What a recipe reaches on patients never seen: five folds by patient over labelled cells.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.accuracy [--data ZIP] [--config config/malaria.yaml]
        [--corrections CSV] [--folds N] [--set KEY=VALUE ...]

Each fold is the test set once, and a tenth of the other patients the validation set; each model of the configuration
is trained as a run does, by its own process, and so is each ensemble; labels are doubted first, where the
configuration says so, within each training set alone. Printed are accuracy at 0.5 and AUC over all cells, against the
labels as given and, with --corrections (columns file, corrected), against those; by default the real cells beside the
checkout. Published corrections are for measuring only: no model sees them.
"""

import argparse
import contextlib
import csv
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.configuration import load_settings
from smearflow.data.scanning import scan
from smearflow.data.sources import list_folder
from smearflow.data.splitting import Parts, parts_of
from smearflow.evaluation.metrics import auc
from smearflow.models.jobs import Job, train_on
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan, plan_models
from smearflow.models.spec import EnsembleSpec, Trained
from smearflow.models.training import run_ensemble
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.doubt import doubt, judges_of
from tasks.read_labels import read_labels
from tasks.robust import JUDGED, taught

SHARED = Path(os.environ.get("SMEARFLOW_SHARED", Path(__file__).parents[2] / "shared")) / "data"
SEED = 0  # of the folds


def cells_of(source: Path, settings: Settings, workspace: Workspace) -> tuple[Path, pd.DataFrame]:
    """The folder that images lie in, and the usable rows of its manifest."""
    from smearflow.data.places import place_of

    folder, _ = place_of(str(source), workspace, settings.data)
    listing = list_folder(folder, settings.data.classes)
    rows = scan(listing.root, listing.files, settings.data, settings.quality, os.cpu_count() or 1, lambda _: None)
    return listing.root, rows[rows["reason"].isna()].reset_index(drop=True)


def in_folds(rows: pd.DataFrame, folds: int) -> "pd.Series[int]":
    """The fold of each row, by patient."""
    patients = np.array(sorted(rows["group"].unique()))
    order = np.random.default_rng(SEED).permutation(len(patients))
    return rows["group"].map(dict(zip(patients[order], np.arange(len(patients)) % folds, strict=True))).astype(int)


def divided(rows: pd.DataFrame, fold: "pd.Series[int]", number: int) -> pd.DataFrame:
    """The split table in which fold ``number`` is the test set."""
    others = np.array(sorted(rows.loc[fold != number, "group"].unique()))
    validating = set(np.random.default_rng((SEED, number)).permutation(others)[: max(1, len(others) // 10)])
    split = np.where(fold == number, "test", np.where(rows["group"].isin(validating), "val", "train"))
    return rows[["path", "sha256", "label", "group"]].assign(split=split)


def trained_on(
    settings: Settings, plans: tuple[Plan, ...], splits: dict[str, Parts], out: Path, workspace: Workspace
) -> dict[str, Trained]:
    """Every model and ensemble of the configuration, one after the other, each on all cores."""
    threads, limit = os.cpu_count() or 1, settings.train.time_limit
    models = {}
    for plan in (plan for plan in plans if not plan.error):
        how = (settings.data, settings.augment, settings.train, workspace, Crowd(1))
        job = Job(out / f"{out.name}-{plan.label}", plan, splits[plan.label], *how)  # checkpoints go by this name
        models[plan.label] = train_on(job, lambda _: None, (), threads)
    for labels in settings.ensembles:
        name = " + ".join(labels)
        members, parts = tuple(models[label] for label in labels), splits[labels[0]]
        spec = EnsembleSpec(
            name=name,
            members=members,
            parts=parts.path,
            root=parts.root,
            classes=settings.data.classes,
            positive=settings.data.positive,
            out=out / name,
            threads=threads,
        )
        models[name] = run_ensemble(spec, limit, lambda _: None)
    return models


def lessons_of(
    settings: Settings, plans: tuple[Plan, ...], parts: Parts, folder: Path, workspace: Workspace
) -> tuple[tuple[Plan, ...], dict[str, Parts], float]:
    """The plans, what each model is trained on, as in a run without `auto`, and the seconds that judging took."""
    way, judges = settings.labels.robust, judges_of(plans)
    if way not in JUDGED or not judges:
        return *taught(plans, parts, way, None), 0.0
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        nobody = read_labels.function(folder, workspace)
        how = (settings.labels.suspects, settings.data, settings.augment, settings.train)
        found = doubt.function(folder, parts, judges, nobody, *how, workspace)
    return *taught(plans, parts, way, found), time.perf_counter() - start


def models_of(
    settings: Settings, plans: tuple[Plan, ...], parts: Parts, out: Path, workspace: Workspace
) -> tuple[dict[str, Trained], float]:
    """Every model trained on the split ``parts`` as the settings say, and the seconds that judging labels took."""
    own, splits, judging = lessons_of(settings, plans, parts, out / "doubts", workspace)
    return trained_on(settings, own, splits, out, workspace), judging


def corrected(rows: pd.DataFrame, corrections: Path | None) -> pd.Series:
    """The labels with those of the CSV in place."""
    if corrections is None or not corrections.exists():
        return rows["label"]
    with corrections.open(newline="") as file:
        known = {Path(row["file"]).name: row["corrected"] for row in csv.DictReader(file)}
    return rows["path"].map(lambda path: known.get(Path(path).name)).fillna(rows["label"])


def figures(probability: np.ndarray, truth: np.ndarray) -> str:
    measured = ~np.isnan(probability)
    said, true = probability[measured], truth[measured]
    return f"{np.mean((said >= 0.5) == true):.4f} / {auc(true, said, np.ones(len(said))):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--config", type=Path, default=Path("config/malaria.yaml"))
    parser.add_argument("--corrections", type=Path, default=SHARED / "nlm_corrections.csv")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    settings = load_settings(given.config, given.set)
    plans = plan_models(settings)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(Path(scratch) / "workspace")
        root, rows = cells_of(given.data, settings, workspace)
        fold, positive = in_folds(rows, given.folds), settings.data.positive
        labels = {"given": rows["label"], "corrected": corrected(rows, given.corrections)}
        probability: dict[str, np.ndarray] = {}
        seconds: dict[str, list[float]] = {}
        for number in range(given.folds):
            start = time.perf_counter()
            table, path = divided(rows, fold, number), Path(scratch) / f"split-{number}.parquet"
            table.to_parquet(path)
            parts, out = parts_of(table, path, root), Path(scratch) / str(number)
            models, judging = models_of(settings, plans, parts, out, workspace)
            took = f"{time.perf_counter() - start:.0f} s, {judging:.0f} of them to judge labels"
            print(f"fold {number + 1} of {given.folds}: {took}", flush=True)
            for name, model in models.items():
                told = pd.read_parquet(model.folder / "predictions.parquet").set_index("path")["probability"]
                mine = probability.setdefault(name, np.full(len(rows), np.nan))
                mine[fold == number] = told.reindex(rows.loc[fold == number, "path"]).to_numpy()
                seconds.setdefault(name, []).append(model.train_seconds)
                told_by = ", ".join(
                    f"{which} {figures(mine, (of == positive).to_numpy())}" for which, of in labels.items()
                )
                print(f"  {name:<28} accuracy / AUC: {told_by}; {np.mean(seconds[name]):.0f} s a fold", flush=True)


if __name__ == "__main__":
    main()
