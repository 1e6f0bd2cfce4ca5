"""Transfer learning from decoded files to a trained head: ours against the lecture's way, in one run.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.transfer [--data FOLDER-OR-ZIP] [--images N]

The lecture's way (Keras fit at 224 px through the whole frozen MobileNetV2, validated after each epoch, as
`recipe: lecture` does it) is timed over its second epoch, on N training images and a third as many for validation, and
multiplied up to its 30 epochs over all training images: running them takes hours. Ours is the trainer of
`models: [MobileNetV2]` over all images, with an empty feature cache, after a first run on few images has left the
engine's probe and its converted network behind. Imports, compilation and the whole process are shown apart. Without
--data: the real cells beside the checkout.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import SHARED, cells_of, divided, in_folds
from smearflow.configuration import load_settings
from smearflow.models.plans import plan_models
from smearflow.models.spec import Trained, TrainSpec
from smearflow.models.training import run_trainer
from smearflow.settings import Settings
from smearflow.workspace import Workspace

EPOCHS = 30  # of the lecture's MobileNet


def trained(
    settings: Settings, parts: Path, root: Path, out: Path, workspace: Workspace
) -> tuple[Trained, list[float]]:
    """The only model of ``settings``, trained by its process, and when each of its epochs was done."""
    (plan,) = plan_models(settings)
    done: list[float] = []
    spec = TrainSpec(
        parts=parts,
        root=root,
        classes=settings.data.classes,
        positive=settings.data.positive,
        model=plan.model,
        weights_file=plan.weights_file,
        augment=settings.augment,
        train=settings.train,
        lecture=plan.lecture,
        out=out,
        engines=workspace.engines,
        features=workspace.features,
        threads=os.cpu_count() or 1,
    )
    heard = lambda line: done.append(time.perf_counter()) if line.startswith("epoch") else None  # noqa: E731
    return run_trainer(spec, 3600, heard), done


def some(table: pd.DataFrame, images: int) -> pd.DataFrame:
    """``images`` training rows, a third as many for validation, and as few as possible for the rest, drawn by lot."""
    wanted = {"train": images, "val": images // 3, "test": 8}
    return pd.concat([table[table["split"] == name].sample(count, random_state=0) for name, count in wanted.items()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--images", type=int, default=384, help="of the lecture's way")
    given = parser.parse_args()
    ours = load_settings(Path("config/malaria.yaml"), ["models=[MobileNetV2]", "ensembles=[]"])
    lecture = load_settings(
        Path("config/malaria.yaml"),
        ["models=[{name: MobileNetV2, recipe: lecture}]", "ensembles=[]", f"lecture.epochs_scale={2 / EPOCHS}"],
    )
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(Path(scratch) / "workspace")
        root, rows = cells_of(given.data, ours, workspace)
        table = divided(rows, in_folds(rows, 5), 0)
        few, all_of_them = Path(scratch) / "few.parquet", Path(scratch) / "all.parquet"
        some(table, given.images).to_parquet(few)
        table.to_parquet(all_of_them)
        _, epochs = trained(lecture, few, root, Path(scratch) / "lecture", workspace)
        trained(ours, few, root, Path(scratch) / "probe", Workspace.at(Path(scratch) / "probed"))
        (Path(scratch) / "probed" / "engines").rename(workspace.engines)
        model, _ = trained(ours, all_of_them, root, Path(scratch) / "ours", workspace)
    training = int((table["split"] == "train").sum())
    an_image = (epochs[1] - epochs[0]) / given.images
    theirs, mine = an_image * training * EPOCHS, model.seconds.features + model.seconds.fit
    print(
        f"{len(rows):,} cells, {training:,} of them for training, {np.ceil(training * EPOCHS):,.0f} steps of an image"
    )
    print(f"the lecture's way: {1 / an_image:,.1f} images a second and epoch, {EPOCHS} epochs {theirs:,.0f} s")
    print(f"ours: features {model.seconds.features:.1f} s ({model.engine}), head and scores {model.seconds.fit:.1f} s")
    print(f"ratio {theirs / mine:.0f} (asked: 40 on the real cells, 100 at 27,558)")
    seconds = model.seconds
    print(
        f"apart: imports {seconds.importing:.1f} s, compiling {seconds.compiling:.1f} s, "
        f"the whole process {model.train_seconds:.1f} s, {theirs / model.train_seconds:.0f} times as fast"
    )


if __name__ == "__main__":
    main()
