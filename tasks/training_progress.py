"""How far a trainer is, as a bar in Prefect's UI: an artifact of its task run."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext

from smearflow.progress import counted

LAST = 100.0  # percent
EPOCH = re.compile(r"loss ([\d.]+) val_auc ([\d.]+|nan)")


@contextlib.contextmanager
def progress_artifact(label: str) -> Iterator[Callable[[str], None]]:
    """Yields what takes a trainer's lines: "epoch 3/10 ..." moves the bar. Outside of a task run it does nothing."""
    if TaskRunContext.get() is None:
        yield lambda line: None
        return
    artifact = cast(UUID, create_progress_artifact(0.0, key=_key(label), description=f"training {label}"))

    def hear(line: str) -> None:
        if found := counted(line):
            what, done, total = found
            told = f"{label}: {what} {done:,} of {total:,}{reached(line)}"
            _show(artifact, min(LAST, LAST * done / max(total, 1)), told)

    yield hear
    _show(artifact, LAST, f"{label}: trained")


def reached(line: str) -> str:
    """What an epoch led to, in words: ", loss 0.12, AUC on validation 0.98"; nothing of another line."""
    found = EPOCH.search(line)
    return f", loss {found[1]}, AUC on validation {found[2]}" if found else ""


def _show(artifact: UUID, share: float, words: str) -> None:
    with contextlib.suppress(Exception):  # a server that is away for a moment mustn't end a training
        update_progress_artifact(artifact, progress=share, description=words)


def _key(label: str) -> str:
    return "training-" + re.sub(r"[^a-z0-9]+", "-", label.lower())
