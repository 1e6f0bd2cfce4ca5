"""Checkpoints: what a training has reached after each epoch, so that a trainer that was killed goes on from there.

One file holds all that the next epoch depends on: every variable of the network (the states of its random draws too)
and of its optimiser, the curves and, where training may stop early, the weights of the best epoch so far. The order of
the images and their changes follow from the epoch's number. So the weights in the end are those of a training that
nobody interrupted, bit for bit.
"""

import json
import math
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from smearflow.errors import TrainingError
from smearflow.models.child import say
from smearflow.models.fitted import Array, Row
from smearflow.models.stopping import account, best_of, is_over
from smearflow.room import told_of

FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy", "val_auc")  # of an epoch, as curves keep them
BEST = "best"  # before the numbers of the best epoch's weights in the file
UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile)  # a file that another hand cut short


@dataclass(frozen=True)
class Checkpoint:
    """The one file of a training, for one batch size: another takes other steps."""

    path: Path

    @classmethod
    def of(cls, folder: Path, batch_size: int) -> "Checkpoint":
        return cls(folder / f"batch-{batch_size}.npz")

    def write(self, network: Any, rows: list[Row], best: Sequence[Array] = ()) -> None:
        """Keep ``network``, compiled, after as many epochs as ``rows`` has: aside first, then in place of the last.

        ``best``: the weights of the best of them.
        """
        arrays: dict[str, Any] = {f"{n}": np.asarray(variable) for n, variable in enumerate(_variables(network))}
        arrays |= {f"{BEST}{n}": weights for n, weights in enumerate(best)}
        aside = self.path.with_name(f".{os.getpid()}.{self.path.name}")
        try:
            with told_of(self.path, sum(array.nbytes for array in arrays.values())):
                self.path.parent.mkdir(parents=True, exist_ok=True)
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
                arrays = [kept[f"{n}"] for n in range(sum(name.isdigit() for name in kept.files))]
        except UNREADABLE:
            return []
        if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
            return []
        for array, variable in zip(arrays, variables, strict=True):
            variable.assign(array)
        return rows

    def best(self) -> list[Array]:
        """The weights that ``write`` was given as the best; none where it wasn't."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return [kept[f"{BEST}{n}"] for n in range(sum(name.startswith(BEST) for name in kept.files))]
        except UNREADABLE:
            return []


@dataclass
class Progress:
    """A training under way: its curves so far, how many epochs it is to have, and its rate at the start.

    ``patience``: epochs without a lower validation loss after which it stops, and ``best`` the weights of the best.
    ``note``: why it ended before, where it did.
    """

    checkpoint: Checkpoint
    rows: list[Row]
    epochs: int
    rate: float
    patience: int | None = None
    best: list[Array] = field(default_factory=list)
    note: str | None = None

    @classmethod
    def resumed(
        cls, checkpoint: Checkpoint, network: Any, epochs: int, rate: float, patience: int | None = None
    ) -> "Progress":
        """From where an earlier trainer left ``network``, compiled; often from the start."""
        rows = checkpoint.resume(network)
        if rows:
            say(f"epoch {len(rows)}/{epochs} was reached before; going on from there")
        return cls(checkpoint, rows, epochs, rate, patience, checkpoint.best() if rows and patience else [])

    @property
    def until(self) -> int:
        """The epoch to train to from here on: the last one made, where it has stopped already."""
        return len(self.rows) if is_over(self.rows, self.patience) else self.epochs

    def reached(self, network: Any, row: Row) -> None:
        """Keep what an epoch led to, and then say so; where it led nowhere, end with what was kept before.

        Raises TrainingError (permanent) where not even the first epoch led anywhere.
        """
        if not (math.isfinite(row["loss"]) and math.isfinite(row["val_loss"])):
            self._fall_back(network, row)
            return
        self.rows.append(row)
        if self.patience and best_of(self.rows) == len(self.rows):
            self.best = network.get_weights()
        self.checkpoint.write(network, self.rows, self.best)
        say(f"epoch {len(self.rows)}/{self.epochs} loss {row['loss']:.4f} val_auc {row['val_auc']:.4f}")
        if is_over(self.rows, self.patience):
            network.stop_training = True

    def finish(self, network: Any) -> None:
        """Give ``network`` the weights of the best epoch, where those are kept, and note down which that was."""
        if self.patience and self.best:
            network.set_weights(self.best)
            self.note = "; ".join(filter(None, (self.note, account(self.rows, self.epochs, self.patience)))) or None

    def _fall_back(self, network: Any, row: Row) -> None:
        """End the training with the weights of its last good epoch."""
        epoch = len(self.rows) + 1
        lost = f"the loss of epoch {epoch} was {row['loss']:g}, {row['val_loss']:g} on validation"
        if not self.checkpoint.resume(network):
            what = f"{network.name}: {lost}, at a learning rate of {self.rate:g}"
            raise TrainingError(what, "Lower train.learning_rate, or lecture.learning_rate.", permanent=True)
        network.stop_training = True
        self.note = f"stopped: {lost}" + ("" if self.best else f"; these are the weights of epoch {epoch - 1}")
        say(self.note)


def kept_in(progress: Progress, more: Callable[[Any], Row] = lambda network: {}) -> Any:
    """A Keras callback that hands each epoch to ``progress``, with what ``more`` says of the network after it."""
    import keras

    class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Row | None = None) -> None:
            said = {**(logs or {}), **more(self.model)}
            progress.reached(self.model, {"epoch": epoch + 1, **{name: float(said[name]) for name in FIGURES}})

    return Keeper()


def _variables(network: Any) -> list[Any]:
    """Every variable of the network and of its optimiser, in order."""
    network.optimizer.build(network.trainable_variables)
    return [*network.variables, *network.optimizer.variables]
