"""Who trains the backbones of a run: hired before the first, sent home after the last, however the run ends."""

import contextlib
from contextlib import AbstractContextManager

from smearflow.models.jobs import LOCAL, Workers
from smearflow.models.ray_workers import RayWorkers
from smearflow.settings import Settings
from tasks.stage import Run
from tasks.workers_pool import PoolWorkers


def hired(run: Run, settings: Settings) -> AbstractContextManager[Workers]:
    """The workers that ``settings.workers`` names. What they still do when they are left is ended.

    Raises MissingPart on entering where they can't be had.
    """
    if settings.workers == "pool":
        return PoolWorkers(settings, run.fresh)
    if settings.workers == "ray":
        return RayWorkers(run.workspace)
    return contextlib.nullcontext(LOCAL)  # the run's own trainers: flows.recording ends them
