"""Training on a frozen backbone: its features of every image once, a linear head on those, then one whole model."""

from typing import Any

import numpy as np
import pandas as pd

from smearflow.errors import TrainingError
from smearflow.models import features
from smearflow.models.backbones import HEAD_EPOCHS, Backbone
from smearflow.models.child import say, timed
from smearflow.models.engines import fastest
from smearflow.models.fitted import Array, Fitted, Labelled, readable_rows, truth
from smearflow.models.heads import fit_head
from smearflow.models.networks import boundary, features_of, with_head
from smearflow.models.pixels import PixelStream, decode_files
from smearflow.models.spec import TrainSpec

SAMPLE = 32  # images on which engines, and the assembled model, must agree
AGREEMENT = 1e-3  # of a probability, between the assembled model and its cached features


def train_frozen(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit a head on the cached features of the training rows, and score every row from the cache."""
    model, building = timed(lambda: features_of(row, spec.model, spec.weights_file))
    sample = decode_files(stream.files[:SAMPLE], spec.input_size).pixels
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
