"""Whole networks as judges of labels: each is trained on one half of the patients, and speaks of the other half."""

import math

import numpy as np
import pandas as pd

from smearflow.models.batches import in_order, pixels_of
from smearflow.models.checkpoints import Checkpoint
from smearflow.models.features import stream_of
from smearflow.models.fitted import Array, Labelled, truth
from smearflow.models.folds import folds_of
from smearflow.models.precision import policy
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import LEAST_STEPS, built, fit, gather

HALVES = 2
PASSES = 6  # over a half: before wrong labels are learnt by heart, and for less than half the price of the training


def logits_across(spec: TrainSpec, judged: pd.DataFrame) -> tuple[Array, Array]:
    """Logits of those of ``judged`` that can be read, by networks that never saw their patients; and which.

    Float (k,) and bool (n,). Raises TrainingError as a training does.
    """
    halves = folds_of(judged["group"], spec.train.seed, HALVES).astype(str)
    rows = judged.assign(split=halves)
    with stream_of(spec, rows) as stream:
        pixels, kept = gather(stream, rows, spec.input_size, spec.out)
    images = {name: Labelled(pixels[name], truth(name, kept, spec.positive)) for name in pixels}
    logits = np.empty(len(kept))
    for name, half in images.items():
        others = [each for other, each in images.items() if other != name]
        logits[kept["split"] == name] = said_of(half, joined(others), spec, name)
    return logits, judged["path"].isin(kept["path"]).to_numpy(bool)


def joined(sets: list[Labelled]) -> Labelled:
    """One set of several; as it is where there is but one."""
    if len(sets) == 1:
        return sets[0]
    return Labelled(np.concatenate([each.inputs for each in sets]), np.concatenate([each.positive for each in sets]))


def said_of(half: Labelled, others: Labelled, spec: TrainSpec, name: str) -> Array:
    """What a network that is trained on ``others`` says of ``half``: logits, float (n,). All its passes are made.

    ``name``: of its checkpoints.
    """
    import keras

    keras.utils.set_random_seed(spec.train.seed)
    network = built(spec, policy(spec.train.mixed_precision))
    how = spec.train.model_copy(update={"patience": None})
    checkpoint = Checkpoint.of(spec.out / f"half-{name}", how.batch_size)
    steps = math.ceil(len(others.inputs) / how.batch_size)
    passes = max(PASSES, math.ceil(LEAST_STEPS / steps))
    fit(network, pixels_of(others, spec.augment, how), half, how, passes, checkpoint)
    said: Array = network.predict(in_order(half.inputs), verbose=0)[:, 0].astype(np.float64)
    return said
