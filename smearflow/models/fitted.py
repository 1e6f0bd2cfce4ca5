"""What both ways of training take and give: the readable rows with their sets, and a fitted network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.errors import TrainingError
from smearflow.models.child import say

NAMED = 20  # vanished files that are named
MAX_VANISHED = 0.01  # share of files: more is no accident
LEAVE_ALONE = "Leave the folder as it is while a run reads it, and run again with --fresh."

Array = np.ndarray[Any, Any]
Row = dict[str, float]


@dataclass(frozen=True)
class Labelled:
    """Inputs (pixels uint8 (n, size, size, 3), or features float32 (n, d)) and whether each is positive, bool (n,).

    ``weight``: what each counts in the loss, float (n,), 1 on average; None: 1 each.
    """

    inputs: Array
    positive: Array
    weight: Array | None = None


@dataclass(frozen=True)
class Fitted:
    """A fitted network, what it says of every image, and where the time went."""

    network: Any  # the Keras model: pixels to the probability of the positive class
    rows: pd.DataFrame  # the readable rows of the split table
    probability: Array  # float (rows,)
    curves: list[Row]  # one an epoch: epoch, loss, accuracy, val_loss, val_accuracy, val_auc
    trainable: int  # parameters that were fitted
    cut: str | None  # layers of the freeze boundary, joined by +; None where trained whole
    compiling: float  # seconds
    features: float  # seconds
    saved_mb: float | None = None  # MiB of the network with its optimiser's state, where it was saved so
    engine: str | None = None  # what ran the frozen layers; None where there are none
    note: str | None = None  # what a person should know of how the training ended
    precision: str = "float32"  # the Keras policy that it was fitted in; what is saved is float32


def readable_rows(rows: pd.DataFrame, readable: Array) -> pd.DataFrame:
    """``rows`` where ``readable`` (bool (n,)). Files that vanished since the scan are named and left out.

    Raises TrainingError (permanent) where more than 1 in 100 did.
    """
    lost = rows["path"][~readable]
    for path in lost[:NAMED]:
        say(f"skipped {path}: it was readable in the scan, and isn't now")
    if len(lost) > MAX_VANISHED * len(rows):
        raise TrainingError(
            f"{len(lost):,} of {len(rows):,} images can't be read any more, the first: {lost.iloc[0]}",
            LEAVE_ALONE,
            permanent=True,
        )
    return rows[readable].reset_index(drop=True)


def truth(name: str, rows: pd.DataFrame, positive: str) -> Array:
    """Whether each image of the set ``name`` (train, val or test) is positive, bool (n,)."""
    return (rows["label"] == positive).to_numpy(bool)[rows["split"] == name]


def labelled(inputs: Array, name: str, rows: pd.DataFrame, positive: str) -> Labelled:
    """``inputs`` of the set ``name`` with what ``rows`` says of it: labels and, where there is that column, weights."""
    weight = rows.loc[rows["split"] == name, "weight"].to_numpy(np.float32) if "weight" in rows else None
    return Labelled(inputs, truth(name, rows, positive), weight)
