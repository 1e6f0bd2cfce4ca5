"""What ways to learn in spite of wrong labels reach, without anybody's review, on patients never seen.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.robust [--data ZIP] [--config config/malaria.yaml]
        [--corrections CSV] [--folds N] [--ways none,drop_suspects,...] [--set KEY=VALUE ...]

Of the five folds by patient of benchmarks.accuracy the first N are trained, by each way in turn. Printed are accuracy
at 0.5 and AUC over the test cells so far, against the labels as given and as corrected, and the gain over the first way
against the corrected ones, with its standard error by patient. No model sees the corrections.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import SHARED, cells_of, corrected, divided, figures, in_folds, models_of
from smearflow.configuration import load_settings
from smearflow.data.splitting import parts_of
from smearflow.models.folds import standard_error
from smearflow.models.plans import plan_models
from smearflow.models.ways import WAYS
from smearflow.workspace import Workspace

FOLDS = 5


def gain(mine: np.ndarray, other: np.ndarray, truth: np.ndarray, patients: np.ndarray) -> str:
    """How much more of the cells that both were asked about are right by ``mine`` (probabilities)."""
    asked = ~np.isnan(mine) & ~np.isnan(other)
    right, before = ((each[asked] >= 0.5) == truth[asked] for each in (mine, other))
    more = right.astype(float) - before
    return f"{more.mean():+.4f} ± {standard_error(more, patients[asked]):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--config", type=Path, default=Path("config/malaria.yaml"))
    parser.add_argument("--corrections", type=Path, default=SHARED / "nlm_corrections.csv")
    parser.add_argument("--folds", type=int, default=1, help=f"of {FOLDS}")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    ways = given.ways.split(",")
    by_way = {way: load_settings(given.config, [*given.set, f"labels.robust={way}"]) for way in ways}
    settings = by_way[ways[0]]
    plans, positive = plan_models(settings), settings.data.positive
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(Path(scratch) / "workspace")
        root, rows = cells_of(given.data, settings, workspace)
        fold, patients = in_folds(rows, FOLDS), rows["group"].to_numpy(str)
        told, truth = (labels == positive for labels in (rows["label"], corrected(rows, given.corrections)))
        said: dict[tuple[str, str], np.ndarray] = {}
        for number in range(given.folds):
            table, path = divided(rows, fold, number), Path(scratch) / f"split-{number}.parquet"
            table.to_parquet(path)
            parts, asked = parts_of(table, path, root), fold == number
            for way in ways:
                start = time.perf_counter()
                models, _ = models_of(by_way[way], plans, parts, Path(scratch) / f"{number}-{way}", workspace)
                print(f"fold {number + 1} of {FOLDS}, {way}: {time.perf_counter() - start:.0f} s", flush=True)
                for name, model in models.items():
                    found = pd.read_parquet(model.folder / "predictions.parquet").set_index("path")["probability"]
                    mine = said.setdefault((name, way), np.full(len(rows), np.nan))
                    mine[asked] = found.reindex(rows.loc[asked, "path"]).to_numpy()
                    by = ", ".join(figures(mine, labels.to_numpy()) for labels in (told, truth))
                    more = gain(mine, said[name, ways[0]], truth.to_numpy(), patients)
                    print(f"  {name:<24} {way:<15} given, corrected: {by}; gain {more}", flush=True)


if __name__ == "__main__":
    main()
