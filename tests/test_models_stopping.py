"""When training stops early, and what is said of it."""

from smearflow.models.fitted import Row
from smearflow.models.stopping import account, best_of, is_over


def rows(*losses: float) -> list[Row]:
    return [{"epoch": number, "val_loss": loss} for number, loss in enumerate(losses, 1)]


def test_two_epochs_without_a_lower_validation_loss_are_enough_for_a_patience_of_two() -> None:
    assert not is_over(rows(), 2)
    assert not is_over(rows(0.5, 0.4, 0.45), 2)
    assert is_over(rows(0.5, 0.4, 0.45, 0.4), 2)  # as low is not lower
    assert best_of(rows(0.5, 0.4, 0.45, 0.4)) == 2
    assert not is_over(rows(0.5, 0.6, 0.7), None)


def test_a_person_is_told_which_epochs_weights_were_kept_and_why_it_ended() -> None:
    said = "stopped early, after epoch 4 of 9: epoch 2 had the lowest validation loss, these are its weights"
    assert account(rows(0.5, 0.4, 0.45, 0.41), 9, 2) == said
    said = "of 3 epochs, epoch 2 had the lowest validation loss, these are its weights"
    assert account(rows(0.5, 0.4, 0.45), 3, 2) == said
    assert account(rows(0.5, 0.4), 2, 2) is None  # all epochs were made, and the last was the best
