"""Training on a frozen backbone: its features of every image once, a linear head on those, then one whole model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smearflow.errors import TrainingError
from smearflow.models import features
from smearflow.models.backbones import HEAD_EPOCHS, Backbone
from smearflow.models.child import say, timed
from smearflow.models.engines import fastest
from smearflow.models.fitted import LEAVE_ALONE, Array, Fitted, Labelled, readable_rows, truth
from smearflow.models.heads import fit_head
from smearflow.models.networks import boundary, features_of, with_head
from smearflow.models.pixels import PixelStream, decode_files
from smearflow.models.spec import TrainSpec

SAMPLE = 32  # images on which engines, and the assembled model, must agree
AGREEMENT = 1e-3  # of a probability, between the assembled model and its cached features


def train_frozen(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit a head on the cached features of the training rows, and score every row from the cache."""
    model, building = timed(lambda: features_of(row, spec.model, spec.weights_file))
    sample = sample_of(stream.files, spec.input_size)
    engine, converting = timed(lambda: fastest(model, spec.input_size, spec.threads, sample))
    say(f"{engine.name} runs {row.name}, ready in {building + converting:.1f} s")
    (cached, readable), computing = timed(lambda: features.compute(stream, engine))
    kept = readable_rows(rows, readable)
    training, validation = (
        Labelled(cached[kept["split"] == name], truth(name, kept, spec.positive)) for name in ("train", "val")
    )
    head, curves = fit_head(training, validation, spec.model.epochs or HEAD_EPOCHS)
    network = with_head(model, head.kernel, head.bias)
    check_agreement(network, sample, head.probability(engine(sample)))
    return Fitted(
        network,
        kept,
        head.probability(cached),
        curves,
        trainable=len(head.kernel) + 1,
        cut=boundary(model),
        compiling=building + converting,
        features=computing,
    )


def sample_of(files: list[Path], size: int) -> Array:
    """Pixels uint8 (up to SAMPLE, size, size, 3) of readable files, from all over: one patient's may have vanished.

    Raises TrainingError (permanent) where none of them can be read.
    """
    chosen = files[:: max(1, len(files) // SAMPLE)][:SAMPLE]
    pixels = decode_files(chosen, size).pixels
    if not len(pixels):
        what = f"None of {len(chosen):,} images, out of {len(files):,}, can be read any more, the first: {chosen[0]}"
        raise TrainingError(what, LEAVE_ALONE, permanent=True)
    return pixels


def check_agreement(network: Any, pixels: Array, probability: Array) -> None:
    """The assembled Keras model must say of ``pixels`` what its cached features said. Raises TrainingError."""
    said = network.predict(pixels, verbose=0)[:, 0]
    worst = float(np.max(np.abs(said - probability), initial=0.0))
    if not worst <= AGREEMENT:  # also where it is NaN
        raise TrainingError(
            f"The assembled model differs from its cached features by {worst:.2g} in probability",
            f"At most {AGREEMENT:g} is rounding: this is a fault of smearflow, or of this machine's TensorFlow.",
            permanent=True,
        )
    say(f"the assembled model agrees with its cached features to {worst:.1g}")
