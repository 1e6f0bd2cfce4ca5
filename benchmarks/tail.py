"""Training a backbone's last layers from what is cached at the boundary, against running all layers in every pass.

    SMEARFLOW_WEIGHTS_DIR=DIR .venv/bin/python -m benchmarks.tail [--data ZIP] [--images N] [--trainable N] [--views K]

Both train the last layers of MobileNetV2, cut as its row says, from the same head on the same N cells, in one process,
one after the other. Printed are the seconds of an epoch (the median of all but the first, in which Keras compiles; each
with its validation), their ratio, and what it took to fill the cache. Without --data: the real cells beside the
checkout.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.accuracy import SHARED, cells_of, divided, in_folds
from benchmarks.transfer import some
from smearflow.configuration import load_settings
from smearflow.models.backbones import Backbone, find
from smearflow.models.boundaries import divided as in_two
from smearflow.models.child import import_keras
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted
from smearflow.models.plans import plan_models
from smearflow.models.spec import TrainSpec
from smearflow.models.tail import opened, over_maps, over_pixels
from smearflow.workspace import Workspace


class Stamped(io.TextIOBase):
    """Output that hands on what it is given, and remembers when each epoch was done."""

    def __init__(self) -> None:
        self.done: list[float] = []

    def write(self, text: str) -> int:
        if text.startswith("epoch") and " loss " in text:
            self.done.append(time.perf_counter())
        return sys.__stdout__.write(text) if sys.__stdout__ else 0

    def epoch(self) -> float:
        """Seconds of an epoch but the first."""
        return float(np.median(np.diff(self.done)))


@contextlib.contextmanager
def stamped() -> Iterator[Stamped]:
    told = Stamped()
    with contextlib.redirect_stdout(told):
        yield told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED / "nlm_cells_128.zip")
    parser.add_argument("--images", type=int, default=750, help="to train on; a third as many to validate")
    parser.add_argument("--trainable", type=int, default=3)
    parser.add_argument("--views", type=int, default=1)
    given = parser.parse_args()
    how = f"{{name: MobileNetV2, trainable: {given.trainable}, views: {given.views}, epochs: 6}}"
    settings = load_settings(Path("config/malaria.yaml"), [f"models=[{how}]", "ensembles=[]"])
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.at(Path(scratch) / "workspace")
        root, rows = cells_of(given.data, settings, workspace)
        parts = Path(scratch) / "split.parquet"
        some(divided(rows, in_folds(rows, 5), 0), given.images).to_parquet(parts)
        (plan,) = plan_models(settings)
        spec = TrainSpec(
            parts=parts,
            root=root,
            classes=settings.data.classes,
            positive=settings.data.positive,
            model=plan.model,
            weights_file=plan.weights_file,
            augment=settings.augment,
            train=settings.train,
            out=Path(scratch) / "out",
            engines=workspace.engines,
            features=workspace.features,
            threads=os.cpu_count() or 1,
        )
        compare(spec)


def trained(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, maps: bool) -> tuple[Fitted, float]:
    """The last layers trained from the cache, or over pixels, and the seconds of an epoch."""
    begun, network = opened(spec, row, rows)
    with stream_of(spec, rows) as stream, stamped() as told:
        if maps:
            parts = in_two(network, row, int(spec.model.trainable))
            assert parts is not None
            fitted = over_maps(spec, row, network, parts, begun, rows, stream)
        else:
            fitted = over_pixels(spec, network, begun, rows, stream)
    return fitted, told.epoch()


def compare(spec: TrainSpec) -> None:
    """Train both ways, and print what an epoch of each takes."""
    import_keras(spec.threads, spec.train.seed)
    rows, row = pd.read_parquet(spec.parts), find(spec.model.name)
    seconds: dict[str, float] = {}
    for name in ("all layers in every pass", "from the boundary"):
        at = spec.model_copy(update={"checkpoints": spec.out / name})
        fitted, seconds[name] = trained(at, row, rows, maps=name == "from the boundary")
        print(f"{name}: {seconds[name]:.2f} s an epoch, features {fitted.features:.1f} s, {fitted.curves[-1]}")
    print(f"ratio {seconds['all layers in every pass'] / seconds['from the boundary']:.1f}")


if __name__ == "__main__":
    main()
