"""Early stopping: which epoch was the best, whether it is time to stop, and how a person is told.

The judge is the cross-entropy on the validation set. An AUC would be no worse a judge in principle, but here a few
hundred validation images of few patients are soon all in order: it stands at 1 while the loss still falls, and it is
no number where a class is missing.
"""

from collections.abc import Sequence

from smearflow.models.fitted import Row


def best_of(rows: Sequence[Row]) -> int:
    """The epoch, from 1, with the lowest validation loss; among equals the first."""
    return 1 + min(range(len(rows)), key=lambda at: rows[at]["val_loss"])


def is_over(rows: Sequence[Row], patience: int | None) -> bool:
    """Whether the last ``patience`` epochs brought no lower validation loss; never where there is no limit."""
    return patience is not None and bool(rows) and len(rows) - best_of(rows) >= patience


def account(rows: Sequence[Row], epochs: int, patience: int) -> str | None:
    """How a training with early stopping ended: what to tell of it; None where the last of all epochs was the best."""
    best, kept = best_of(rows), "these are its weights"
    if is_over(rows, patience) and len(rows) < epochs:
        return (
            f"stopped early, after epoch {len(rows)} of {epochs}: epoch {best} had the lowest validation loss, {kept}"
        )
    return f"of {len(rows)} epochs, epoch {best} had the lowest validation loss, {kept}" if best < len(rows) else None
