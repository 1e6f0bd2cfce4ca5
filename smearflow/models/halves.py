"""Whole networks as judges of labels: each is taught by one half of the patients, and speaks of the other half."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from smearflow.models.batches import in_order, pixels_of
from smearflow.models.checkpoints import Checkpoint
from smearflow.models.features import stream_of
from smearflow.models.fitted import Array, Labelled
from smearflow.models.folds import folds_of
from smearflow.models.precision import policy
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import LEAST_STEPS, built, fit, gather

HALVES = 2
PASSES = 6  # over a half: before wrong labels are learnt by heart, and for less than half the price of the training
LOOKED_AT = 256  # images of the other half after each pass: that it came to a number is all that is asked
VIEWS = (1, -1)  # steps down and across: an image as it is, and turned by 180 degrees (test-time augmentation)


def logits_of_others(
    spec: TrainSpec, rows: pd.DataFrame, divisions: int = 1, ready: Callable[[], None] = lambda: None
) -> Array:
    """What networks that never saw their patients say of ``rows``, on average: logits, float (n,), NaN: unreadable.

    ``rows``: path, sha256, label, group and, where not all of them teach, reason: those with one don't. ``divisions``:
    how often patients are divided anew into HALVES. ``ready`` is called after each network. Raises TrainingError as a
    training does.
    """
    with stream_of(spec, rows) as stream:
        pixels, kept = gather(stream, rows.assign(split="all"), spec.input_size, spec.out)
    inputs, positive = pixels["all"], (kept["label"] == spec.positive).to_numpy(bool)
    teaches = kept["reason"].isna().to_numpy(bool) if "reason" in kept else np.ones(len(kept), bool)
    said = np.zeros(len(kept))
    for number in range(HALVES * divisions):
        division, half = divmod(number, HALVES)
        judged = folds_of(kept["group"], spec.train.seed + division, HALVES) == half
        taught = ~judged & teaches
        asked, lessons = (Labelled(inputs[those], positive[those]) for those in (judged, taught))
        said[judged] += said_of(asked, lessons, spec, f"network-{number}", number) / divisions
        ready()
    logits = np.full(len(rows), np.nan)
    logits[rows["path"].isin(kept["path"]).to_numpy(bool)] = said
    return logits


def said_of(half: Labelled, others: Labelled, spec: TrainSpec, name: str, number: int = 0) -> Array:
    """What a network that is trained on ``others`` says of ``half``: logits, float (n,). All its passes are made.

    ``name``: of its checkpoints; ``number``: networks of another number draw other weights and another order.
    """
    import keras

    how = spec.train.model_copy(update={"patience": None, "seed": spec.train.seed + number})
    keras.utils.set_random_seed(how.seed)
    network = built(spec, policy(how.mixed_precision))
    few = slice(None, None, max(1, len(half.inputs) // LOOKED_AT))
    checkpoint = Checkpoint.of(spec.checkpoints_folder / name, how.batch_size)
    passes = max(PASSES, math.ceil(LEAST_STEPS / math.ceil(len(others.inputs) / how.batch_size)))
    looked_at = Labelled(half.inputs[few], half.positive[few])
    fit(network, pixels_of(others, spec.augment, how), looked_at, how, passes, checkpoint)
    views = (network.predict(in_order(half.inputs[:, ::step, ::step]), verbose=0)[:, 0] for step in VIEWS)
    said: Array = np.mean([view.astype(np.float64) for view in views], axis=0)
    return said
