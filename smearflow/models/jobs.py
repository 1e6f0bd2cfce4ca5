"""One backbone to train, wherever that is done, and who can do it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from smearflow.data.splitting import Parts
from smearflow.errors import MissingPart
from smearflow.models.leases import Crowd, cores_of, count_gpus, environment_of, lease, our_cores
from smearflow.models.plans import Plan
from smearflow.models.recipe import in_spite
from smearflow.models.spec import Trained, TrainSpec
from smearflow.models.training import slots, train_within_memory
from smearflow.models.weights import find_weights
from smearflow.settings import Augment, Data, Train
from smearflow.workspace import Workspace, building, file_digest

RESULT = "trained.json"  # in the folder of a finished training: what came of it, for who waits elsewhere
Hear = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A backbone to train on the split ``parts``, and the ``folder`` that its result is to take the place of."""

    folder: Path
    plan: Plan
    parts: Parts
    data: Data
    augment: Augment
    how: Train
    workspace: Workspace
    crowd: Crowd


@runtime_checkable  # Prefect asks it of what a flow is called with
class Workers(Protocol):
    """Who trains. ``digest`` is the same for all: who did it is no part of a cache key."""

    digest: str

    def train(self, job: Job, on_line: Hear) -> Trained:
        """Train, telling each line of the trainer, and leave the result in ``job.folder``. Raises TrainingError."""


class LocalWorkers:
    """Processes of this machine, as many at once as it has places."""

    digest = "workers"

    def train(self, job: Job, on_line: Hear) -> Trained:
        """Wait for a place, and train there."""
        gpus, cores = count_gpus(), our_cores()
        places = slots(gpus, len(cores), job.how.parallel)
        with lease(job.workspace.leases, places) as index:
            mine = cores_of(index, min(places, job.crowd.backbones), cores)
            return train_on(job, on_line, mine, len(mine), environment_of(index, gpus))


LOCAL: Workers = LocalWorkers()


def train_on(
    job: Job, on_line: Hear, cores: Sequence[int], threads: int, environment: Mapping[str, str] | None = None
) -> Trained:
    """Spawn the trainer of ``job`` on ``cores`` (none: on no particular ones), and keep what it leaves."""
    with building(job.folder) as aside:
        spec = spec_of(job, aside, tuple(cores), threads)
        trained = train_within_memory(spec, job.how.time_limit, on_line, environment)
        trained = trained.model_copy(update={"folder": job.folder})
        (aside / RESULT).write_text(trained.model_dump_json(indent=1), encoding="utf-8")
    return trained


def result_of(folder: Path) -> Trained:
    """What the training that left ``folder`` came to. Raises OSError where there is none."""
    return Trained.model_validate_json((folder / RESULT).read_text(encoding="utf-8"))


def with_weights_here(plan: Plan) -> Plan:
    """``plan`` with its weights as they lie on this machine. Raises MissingPart where they aren't the same."""
    if plan.weights_digest is None:
        return plan
    there = plan.weights_file
    here = there if there and there.exists() else find_weights(plan.model)
    if here is None or file_digest(here) != plan.weights_digest:
        raise MissingPart(f"{plan.label}: its weights here aren't those of the retraining: {here}", f"Copy {there}.")
    return replace(plan, weights_file=here)


def spec_of(job: Job, out: Path, cores: tuple[int, ...], threads: int) -> TrainSpec:
    """What the trainer of ``job`` is told, which leaves its result in ``out``; no cores: on no particular ones."""
    return TrainSpec(
        parts=job.parts.path,
        root=job.parts.root,
        classes=job.data.classes,
        positive=job.data.positive,
        model=job.plan.model,
        weights_file=job.plan.weights_file,
        augment=job.augment,
        train=in_spite(job.how, job.plan.robust),
        lecture=job.plan.lecture,
        out=out,
        engines=job.workspace.engines,
        features=job.workspace.features,
        checkpoints=job.workspace.checkpoints / job.folder.name,
        cores=cores,
        threads=threads,
    )
