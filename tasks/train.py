"""Train: one backbone a task run, side by side, on this machine or by workers elsewhere."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.futures import PrefectFuture

from smearflow.data.splitting import Parts
from smearflow.errors import DiskError, TrainingError
from smearflow.models.jobs import LOCAL, Workers
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.stage import Run, common_state
from tasks.train_one import train


@dataclass(frozen=True)
class Attempt:
    """What became of one backbone: a trained model, or the reason why there is none."""

    plan: Plan
    trained: Trained | None
    error: str | None = None


def train_all(
    run: Run, plans: Sequence[Plan], splits: Mapping[str, Parts], settings: Settings, workers: Workers = LOCAL
) -> dict[str, Trained]:
    """Have ``workers`` train every backbone that can be, side by side; one that fails is noted down, and others go on.

    ``splits``: what each is trained on, by label.

    Returns the trained models by their labels. Raises TrainingError where there is none, and DiskError where the disk
    refuses what one of them writes.
    """
    started = time.monotonic()
    crowd = Crowd(sum(not plan.error for plan in plans))
    how = (settings.data, settings.augment, settings.train, run.workspace, crowd, workers)
    if run.fresh:
        forget(run.workspace, (train.folder(run, plan, splits[plan.label], *how) for plan in plans))
    futures = {plan.label: train.submit(run, plan, splits[plan.label], *how) for plan in plans if not plan.error}
    attempts = [
        Attempt(plan, None, plan.error) if plan.error else attempt_of(plan, futures[plan.label]) for plan in plans
    ]
    forget(run.workspace, (a.trained.folder for a in attempts if a.trained))
    run.reached["train"] = attempts
    run.note("train", common_state([future.state for future in futures.values()]), started)
    models = {a.plan.label: a.trained for a in attempts if a.trained}
    if not models:
        reasons = "\n".join(f"{a.plan.label}: {a.error}" for a in attempts)
        raise TrainingError(f"No backbone could be trained.\n{reasons}", "Mend one of them, and run again.")
    return models


def forget(workspace: Workspace, folders: Iterable[Path]) -> None:
    """Remove the checkpoints of trainings whose results are, or will be, in ``folders``."""
    for folder in folders:
        shutil.rmtree(workspace.checkpoints / folder.name, ignore_errors=True)


def attempt_of(plan: Plan, future: PrefectFuture[Trained]) -> Attempt:
    """What became of ``plan``, once its task run has ended. Raises DiskError where the disk refused what it wrote."""
    result: Any = future.result(raise_on_failure=False)
    if isinstance(result, DiskError):  # every other would meet it as well
        raise result
    return Attempt(plan, result) if isinstance(result, Trained) else Attempt(plan, None, str(result))
