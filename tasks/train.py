"""Train: one backbone a task run, each in a process of its own, as many at once as there are places."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.futures import PrefectFuture
from prefect.tasks import exponential_backoff

from smearflow.data.splitting import Parts
from smearflow.errors import DiskError, TrainingError
from smearflow.models.leases import Crowd, cores_of, count_gpus, environment_of, lease, our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained, TrainSpec
from smearflow.models.training import slots, train_within_memory
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Settings, Train
from smearflow.workspace import Workspace, building
from tasks.stage import Run, common_state, stage
from tasks.training_progress import progress_artifact


@dataclass(frozen=True)
class Attempt:
    """What became of one backbone: a trained model, or the reason why there is none."""

    plan: Plan
    trained: Trained | None
    error: str | None = None


def says(model: Trained) -> str:
    control = ", a control: its frozen layers are random" if model.control else ""
    return f"""# {model.name}: {model.params:,} parameters, {model.trainable:,} of them trained{control}

| | |
|---|---|
| input | {model.input_size} px |
| freeze boundary | {model.cut or "none: trained whole"} |
| weights | {model.weights} |
| engine of the frozen layers | {model.engine or "none"} |
| epochs | {model.epochs} |
| import, compile | {model.seconds.importing:.1f} s, {model.seconds.compiling:.1f} s |
| features, fit | {model.seconds.features:.1f} s, {model.seconds.fit:.1f} s |
| inference file | {model.size_mb:.2f} MiB |
{f"| note | {model.note} |" if model.note else ""}
"""


# Retried once: a trainer that somebody ended, or that overran its time, goes on from its last epoch.
@stage(
    says,
    code=("smearflow.models.trainer",),
    task_run_name="train {plan.label}",
    retries=1,
    retry_delay_seconds=exponential_backoff(5),
)
def train(
    folder: Path, plan: Plan, parts: Parts, data: Data, augment: Augment, how: Train, workspace: Workspace, crowd: Crowd
) -> Trained:
    """Wait for a place, spawn the trainer on the split's images, keep what it leaves."""
    gpus, cores = count_gpus(), our_cores()
    places = slots(gpus, len(cores), how.parallel)
    with lease(workspace.leases, places) as index, building(folder) as aside:
        mine = cores_of(index, min(places, crowd.backbones), cores)
        spec = TrainSpec(
            parts=parts.path,
            root=parts.root,
            classes=data.classes,
            positive=data.positive,
            model=plan.model,
            weights_file=plan.weights_file,
            augment=augment,
            train=how,
            lecture=plan.lecture,
            out=aside,
            engines=workspace.engines,
            features=workspace.features,
            checkpoints=workspace.checkpoints / folder.name,
            cores=mine,
            threads=len(mine),
        )
        with overheard(plan.label) as hear, progress_artifact(plan.label) as show:

            def heard(line: str) -> None:
                hear(line)
                show(line)

            trained = train_within_memory(spec, how.time_limit, heard, environment_of(index, gpus))
    return trained.model_copy(update={"folder": folder})


def train_all(run: Run, plans: Sequence[Plan], parts: Parts, settings: Settings) -> dict[str, Trained]:
    """Train every backbone that can be, side by side; one that fails is noted down, and the others go on.

    Returns the trained models by their labels. Raises TrainingError where there is none, and DiskError where the disk
    refuses what one of them writes.
    """
    started = time.monotonic()
    crowd = Crowd(sum(not plan.error for plan in plans))
    how = (parts, settings.data, settings.augment, settings.train, run.workspace, crowd)
    if run.fresh:
        forget(run.workspace, (train.folder(run, plan, *how) for plan in plans))
    futures = {plan.label: train.submit(run, plan, *how) for plan in plans if not plan.error}
    attempts = [_attempt(plan, futures) for plan in plans]
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


def _attempt(plan: Plan, futures: Mapping[str, PrefectFuture[Trained]]) -> Attempt:
    """What became of ``plan``, once its task run has ended."""
    if plan.error:
        return Attempt(plan, None, plan.error)
    result: Any = futures[plan.label].result(raise_on_failure=False)
    if isinstance(result, DiskError):  # every other would meet it as well
        raise result
    return Attempt(plan, result) if isinstance(result, Trained) else Attempt(plan, None, str(result))
