"""Checkpoints: what a training has reached after each epoch, so that a trainer that was killed goes on from there.

One file holds all that the next epoch depends on: every variable of the network (the states of its random draws too)
and of its optimiser, and the curves. The order of the images and their changes follow from the epoch's number. So the
weights in the end are those of a training that nobody interrupted, bit for bit.
"""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smearflow.models.child import say
from smearflow.models.fitted import Row

UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile)  # a file that another hand cut short


@dataclass(frozen=True)
class Checkpoint:
    """The one file of a training, for one batch size: another takes other steps."""

    path: Path

    @classmethod
    def of(cls, folder: Path, batch_size: int) -> "Checkpoint":
        return cls(folder / f"batch-{batch_size}.npz")

    def write(self, network: Any, rows: list[Row]) -> None:
        """Keep ``network``, compiled, after as many epochs as ``rows`` has: aside first, then in place of the last."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"{n}": variable.numpy() for n, variable in enumerate(_variables(network))}
        aside = self.path.with_name(f".{os.getpid()}.{self.path.name}")
        try:
            with aside.open("wb") as file:
                np.savez(file, rows=np.array(json.dumps(rows)), **arrays)
            aside.replace(self.path)
        finally:
            aside.unlink(missing_ok=True)

    def resume(self, network: Any) -> list[Row]:
        """Put ``network``, compiled, where the last checkpoint left it. Returns its curves, empty where there is none.

        A file that isn't whole, or is of another network, counts as none.
        """
        variables = _variables(network)
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                rows: list[Row] = json.loads(str(kept["rows"]))
                arrays = [kept[f"{n}"] for n in range(len(kept.files) - 1)]
        except UNREADABLE:
            return []
        if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
            return []
        for array, variable in zip(arrays, variables, strict=True):
            variable.assign(array)
        return rows


@dataclass(frozen=True)
class Progress:
    """A training under way: its curves so far, and how many epochs it is to have."""

    checkpoint: Checkpoint
    rows: list[Row]
    epochs: int

    @classmethod
    def resumed(cls, checkpoint: Checkpoint, network: Any, epochs: int) -> "Progress":
        """From where an earlier trainer left ``network``, compiled; often from the start."""
        rows = checkpoint.resume(network)
        if rows:
            say(f"epoch {len(rows)}/{epochs} was reached before; going on from there")
        return cls(checkpoint, rows, epochs)

    def reached(self, network: Any, row: Row) -> None:
        """Keep what an epoch led to, and then say so."""
        self.rows.append(row)
        self.checkpoint.write(network, self.rows)
        say(f"epoch {len(self.rows)}/{self.epochs} loss {row['loss']:.4f} val_auc {row['val_auc']:.4f}")


def kept_in(progress: Progress, more: Callable[[Any], Row] = lambda network: {}) -> Any:
    """A Keras callback that hands each epoch to ``progress``, with what ``more`` says of the network after it."""
    import keras

    class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Row | None = None) -> None:
            said = {name: float(value) for name, value in (logs or {}).items()}
            progress.reached(self.model, {"epoch": epoch + 1, **said, **more(self.model)})

    return Keeper()


def _variables(network: Any) -> list[Any]:
    """Every variable of the network and of its optimiser, in order."""
    network.optimizer.build(network.trainable_variables)
    return [*network.variables, *network.optimizer.variables]
