"""A trainer that was killed goes on from its last epoch, and ends at the weights of one that wasn't (25 s)."""

import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from smearflow.errors import TrainingError
from smearflow.models.checkpoints import Checkpoint, Progress, kept_in
from smearflow.models.spec import Trained, TrainSpec
from smearflow.models.training import LIVE, run_trainer
from tests.trained_cells import spec_of, split_of_cells

ROWS = [{"epoch": 1, "loss": 0.5}]
KINDS = {
    "compact": {"name": "compact", "epochs": 4},
    "lecture": {"name": "MobileNetV2", "recipe": "lecture", "weights": "random", "epochs": 3},
}
HASTY = {"patience": 1, "schedule": "constant"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split_of_cells(tmp_path_factory.mktemp("cells"), images=120)


def kept_apart(table: Path, out: Path, kind: str, checkpoints: Path | None = None) -> TrainSpec:
    return spec_of(table, out, **KINDS[kind]).model_copy(update={"checkpoints": checkpoints})


def killed_after(spec: TrainSpec, beginning: str) -> list[str]:
    """Train, and kill the trainer with -9 when it has said a line that begins so. Returns its lines."""
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if line.startswith(beginning):
            os.kill(next(iter(LIVE)).pid, signal.SIGKILL)

    with pytest.raises(TrainingError, match="was killed"):
        run_trainer(spec, 200, hear)
    return lines


# The lecture's way takes the longest, and goes through the same checkpoints.
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.soak) if kind == "lecture" else kind for kind in KINDS]
)
def test_killed_in_the_middle_and_started_again_it_ends_at_the_same_weights(
    kind: str, table: Path, tmp_path: Path
) -> None:
    whole = run_trainer(kept_apart(table, tmp_path / "whole", kind), 200, print)
    assert not (tmp_path / "whole" / "checkpoints").exists()  # it needn't outlive its trainer
    killed_after(kept_apart(table, tmp_path / "killed", kind, tmp_path / "kept"), "epoch 2/")
    lines: list[str] = []
    again = run_trainer(kept_apart(table, tmp_path / "again", kind, tmp_path / "kept"), 200, lines.append)
    assert_same(whole, again)
    epochs = KINDS[kind]["epochs"]
    resumed = next(line for line in lines if line.endswith("was reached before; going on from there"))
    made = [line for line in lines if line.startswith("epoch") and "loss" in line]
    assert resumed.startswith(f"epoch 2/{epochs}")
    assert [line.split()[1] for line in made] == [f"{n}/{epochs}" for n in range(3, epochs + 1)]


@pytest.mark.soak
@pytest.mark.parametrize("when", ["epoch 2/", "stopped"])
def test_a_training_that_stops_early_keeps_its_best_epoch_through_a_kill(
    when: str, table: Path, tmp_path: Path
) -> None:
    def stopping(out: str, checkpoints: Path | None = None) -> TrainSpec:
        spec = spec_of(table, tmp_path / out, name="compact", epochs=30)
        train = spec.train.model_copy(update=HASTY)
        return spec.model_copy(update={"checkpoints": checkpoints, "train": train})

    whole = run_trainer(stopping("whole"), 200, print)
    last = whole.epochs
    assert whole.note is not None
    assert whole.note.startswith(f"stopped early, after epoch {last} of 30: epoch {last - 1} had the lowest validation")
    assert 2 <= last < 30
    killed_after(stopping("killed", tmp_path / "kept"), when if when != "stopped" else f"epoch {last}/")
    again = run_trainer(stopping("again", tmp_path / "kept"), 200, print)
    assert_same(whole, again)
    assert again.note == whole.note


def assert_same(one: Trained, other: Trained) -> None:
    assert one.weights_digest == other.weights_digest
    assert one.epochs == other.epochs
    for name in ("curves.json", "predictions.parquet"):
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes()


def network(units: int = 3) -> keras.Model:
    """A compiled network whose dropout draws."""
    layers = [keras.layers.Dense(units), keras.layers.Dropout(0.5, seed=1), keras.layers.Dense(1)]
    made = keras.Sequential([keras.Input((2,)), *layers])
    made.compile(keras.optimizers.AdamW(0.01), "mse")
    return made


def test_weights_optimiser_draws_and_curves_come_back(tmp_path: Path) -> None:
    x, y = np.ones((8, 2), np.float32), np.ones((8, 1), np.float32)
    first, other, checkpoint = network(), network(), Checkpoint.of(tmp_path, 16)
    first.fit(x, y, epochs=2, verbose=0)
    checkpoint.write(first, ROWS)
    assert checkpoint.resume(other) == ROWS
    for each in (first, other):  # what comes next is the same for both
        each.fit(x, y, epochs=3, verbose=0)
    assert all((a == b).all() for a, b in zip(first.get_weights(), other.get_weights(), strict=True))
    assert [file.name for file in tmp_path.iterdir()] == ["batch-16.npz"]


def test_what_was_cut_short_or_is_of_another_network_counts_as_nothing(tmp_path: Path) -> None:
    checkpoint = Checkpoint.of(tmp_path, 16)
    assert checkpoint.resume(network()) == []
    checkpoint.write(network(units=4), ROWS)
    mine = network()
    before = mine.get_weights()
    assert checkpoint.resume(mine) == []
    assert all((a == b).all() for a, b in zip(before, mine.get_weights(), strict=True))
    checkpoint.write(mine, ROWS)
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:-100])
    assert checkpoint.resume(mine) == []
    assert Checkpoint.of(tmp_path, 8).resume(mine) == []  # another batch size takes other steps


ABSURD = 1e30  # a rate at which the first step leads out of all numbers


def diverging(checkpoint: Checkpoint) -> tuple[keras.Model, Progress]:
    """A network that is fitted at an absurd rate, from ``checkpoint`` on."""
    x, y = np.ones((8, 2), np.float32), np.ones((8, 1), np.float32)
    made = network()
    made.compile(keras.optimizers.SGD(ABSURD), "mse", metrics=["accuracy"])
    progress = Progress.resumed(checkpoint, made, 9, ABSURD)
    told = kept_in(
        progress, lambda now: {"val_loss": now.evaluate(x, y, verbose=0)[0], "val_accuracy": 0, "val_auc": 0}
    )
    made.fit(x, y, batch_size=2, initial_epoch=len(progress.rows), epochs=9, verbose=0, callbacks=[told])
    return made, progress


def test_a_loss_that_is_no_number_ends_it_with_the_weights_of_the_last_good_epoch(tmp_path: Path, capsys) -> None:
    checkpoint, good = Checkpoint.of(tmp_path, 2), network()
    good.compile(keras.optimizers.SGD(ABSURD), "mse")
    checkpoint.write(good, ROWS)
    made, progress = diverging(checkpoint)
    assert all((a == b).all() for a, b in zip(good.get_weights(), made.get_weights(), strict=True))
    assert progress.rows == ROWS
    assert progress.note == "stopped: the loss of epoch 2 was nan, nan on validation; these are the weights of epoch 1"
    assert progress.note in capsys.readouterr().out


def test_the_best_epochs_weights_come_back_from_the_file(tmp_path: Path) -> None:
    checkpoint, best = Checkpoint.of(tmp_path, 16), network().get_weights()
    checkpoint.write(network(), ROWS, best)
    assert all((a == b).all() for a, b in zip(best, checkpoint.best(), strict=True))
    assert checkpoint.resume(network()) == ROWS
    assert Checkpoint.of(tmp_path, 8).best() == []


def test_a_loss_that_is_no_number_ends_it_with_the_best_epoch_where_that_is_kept(tmp_path: Path) -> None:
    rows = [{"epoch": n, "loss": 0.5, "val_loss": loss} for n, loss in ((1, 0.4), (2, 0.5))]
    checkpoint, made, best = Checkpoint.of(tmp_path, 16), network(), network().get_weights()
    checkpoint.write(made, rows, best)
    progress = Progress.resumed(checkpoint, made, 9, ABSURD, patience=3)
    progress.reached(made, {"epoch": 3, "loss": float("nan"), "val_loss": 0.3, "val_auc": 1})
    progress.finish(made)
    assert all((a == b).all() for a, b in zip(best, made.get_weights(), strict=True))
    assert progress.note == (
        "stopped: the loss of epoch 3 was nan, 0.3 on validation; "
        "of 2 epochs, epoch 1 had the lowest validation loss, these are its weights"
    )


def test_where_no_epoch_was_good_it_fails_with_epoch_loss_rate_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss of epoch 1 was nan, .* at a learning rate of 1e\+30") as caught:
        diverging(Checkpoint.of(tmp_path, 2))
    assert not caught.value.retryable
    assert "train.learning_rate" in caught.value.fix
    assert list(tmp_path.iterdir()) == []
