"""One backbone's training, in a process of its own: `python -m smearflow.models.trainer SPEC.json`.

A process, because TensorFlow gives memory back only when its process ends, and only a process can be ended at a
limit. It prints a line whenever something is done, and leaves in spec.out: bundle/, predictions.parquet,
curves.json and, last, result.json. It knows nothing of Prefect.
"""

import json
import shutil
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.errors import SmearflowError
from smearflow.models.backbones import Backbone, find
from smearflow.models.bundles import weights_digest, write_bundle
from smearflow.models.child import OUT_OF_MEMORY, import_keras, keep_to, say, say_failure, timed, watch_parent
from smearflow.models.comparison import settled
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted
from smearflow.models.frozen import features_to_compute, train_frozen
from smearflow.models.lecture import train_as_taught
from smearflow.models.memory import is_shortage
from smearflow.models.pixels import PixelStream
from smearflow.models.spec import ComparedCut, Seconds, Trained, TrainSpec
from smearflow.models.tail import maps_to_compute, train_tail
from smearflow.models.whole import train_whole
from smearflow.room import refusal

KEPT = ["path", "sha256", "label", "group", "split"]  # of the split table, in predictions.parquet


def main(arguments: list[str]) -> int:
    """Train as the spec says. Exit status 0, PERMANENT, OUT_OF_MEMORY, DISK, or 1."""
    watch_parent()
    spec = TrainSpec.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8"))
    keep_to(spec.cores)
    try:
        train(spec)
    except SmearflowError as error:
        return say_failure(error)
    except Exception as error:
        if refused := refusal(error, spec.out):
            return say_failure(refused)
        if not is_shortage(error):
            raise
        traceback.print_exc()
        return OUT_OF_MEMORY
    return 0


def train(spec: TrainSpec) -> None:
    """Train, score every image, and write it all into ``spec.out``. Files are decoded while TensorFlow imports."""
    rows, row = pd.read_parquet(spec.parts), find(spec.model.name)
    if spec.is_open:
        train_compared(spec, row, rows)
        return
    with stream_of(spec, to_decode(spec, row, rows)) as stream:
        importing = timed(lambda: import_keras(spec.threads, spec.train.seed))[1]
        say(f"import {importing:.1f} s")
        start = time.perf_counter()
        fitted = fit(spec, row, rows, stream)
    rest = time.perf_counter() - start - fitted.compiling - fitted.features
    seconds = Seconds(importing=importing, compiling=fitted.compiling, features=fitted.features, fit=rest)
    write(spec, row, fitted, seconds)


def train_compared(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> None:
    """The same, once its cut and size are chosen. What that takes counts as features."""
    importing = timed(lambda: import_keras(spec.threads, spec.train.seed))[1]
    say(f"import {importing:.1f} s")
    (chosen, compared), comparing = timed(lambda: settled(spec, row, rows))
    start = time.perf_counter()
    with stream_of(chosen, to_decode(chosen, row, rows)) as stream:
        fitted = fit(chosen, row, rows, stream)
    rest = time.perf_counter() - start - fitted.compiling - fitted.features
    features = comparing + fitted.features
    seconds = Seconds(importing=importing, compiling=fitted.compiling, features=features, fit=rest)
    write(chosen, row, fitted, seconds, compared)


def to_decode(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose pixels the training needs: of frozen layers those alone that they haven't seen before."""
    if not row.frozen or spec.lecture:
        return rows
    return (features_to_compute if spec.model.trainable == "head" else maps_to_compute)(spec, row, rows)


def fit(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit the network by its recipe."""
    if spec.lecture:
        return train_as_taught(spec, spec.lecture, row, rows, stream)
    if row.frozen and spec.model.trainable != "head":
        return train_tail(spec, row, rows, stream)
    return train_frozen(spec, row, rows, stream) if row.frozen else train_whole(spec, rows, stream)


def write(spec: TrainSpec, row: Backbone, fitted: Fitted, seconds: Seconds, cuts: tuple[ComparedCut, ...] = ()) -> None:
    """Bundle, predictions, curves, and the result last."""
    bundle = spec.out / "bundle"
    size, classes, positive = spec.input_size, spec.classes, spec.positive
    write_bundle(bundle, fitted.network, spec.model.name, input_size=size, classes=classes, positive=positive)
    predictions = fitted.rows[KEPT].assign(probability=fitted.probability.astype(np.float64))
    predictions.to_parquet(spec.out / "predictions.parquet", index=False)
    (spec.out / "curves.json").write_text(json.dumps(fitted.curves, indent=1), encoding="utf-8")
    result = described(spec, row, fitted, seconds).model_copy(update={"cuts": cuts})
    (spec.out / "result.json").write_text(result.model_dump_json(indent=1, exclude={"folder"}), encoding="utf-8")
    if spec.checkpoints is None:
        shutil.rmtree(spec.checkpoints_folder, ignore_errors=True)
    say(f"saved {result.params:,} parameters, {result.size_mb:.1f} MiB, weights {result.weights_digest[:12]}")


def described(spec: TrainSpec, row: Backbone, fitted: Fitted, seconds: Seconds) -> Trained:
    """What was trained, once its bundle is written."""
    unloaded = spec.weights_file is None
    return Trained(
        name=row.name,
        folder=spec.out,
        params=fitted.network.count_params(),
        trainable=fitted.trainable,
        input_size=spec.input_size,
        cut=fitted.cut,
        engine=fitted.engine,
        weights="random" if unloaded else str(spec.model.weights),
        control=row.frozen and unloaded and spec.model.trainable == "head",
        epochs=len(fitted.curves),
        seconds=seconds,
        size_mb=(spec.out / "bundle" / "model.keras").stat().st_size / 2**20,
        saved_mb=fitted.saved_mb,
        note=fitted.note,
        precision=fitted.precision,
        weights_digest=weights_digest(fitted.network),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
