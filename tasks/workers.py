"""Who works for a run: hired before the first stage, sent home after the last, however the run ends."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from smearflow.data.scanning import HERE, Measurers
from smearflow.models.jobs import LOCAL, Workers
from smearflow.models.ray_workers import RayWorkers
from smearflow.settings import Settings
from tasks.stage import Run
from tasks.workers_pool import PoolWorkers


@dataclass(frozen=True)
class Crew:
    """Who measures a run's images, and who trains its backbones: by themselves, processes of this machine."""

    measurers: Measurers = HERE
    trainers: Workers = LOCAL  # flows.recording ends what they still do


@contextlib.contextmanager
def hired(run: Run, settings: Settings) -> Iterator[Crew]:
    """The workers that ``settings.workers`` names. What they still do when they are left is ended.

    Raises MissingPart where they can't be had.
    """
    if settings.workers == "pool":
        with PoolWorkers(settings, run.fresh) as pool:
            yield Crew(trainers=pool)
    elif settings.workers == "ray":
        with RayWorkers(run.workspace) as ray:
            yield Crew(measurers=ray, trainers=ray)
    else:
        yield Crew()
