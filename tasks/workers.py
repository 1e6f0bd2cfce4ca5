"""Who trains the backbones of a run: hired before the first, sent home after the last, however the run ends."""

import contextlib
from collections.abc import Iterator

from smearflow.models.jobs import LOCAL, Workers
from smearflow.settings import Settings
from tasks.stage import Run
from tasks.workers_pool import PoolWorkers


@contextlib.contextmanager
def hired(run: Run, settings: Settings) -> Iterator[Workers]:
    """The workers that ``settings.workers`` names, while the body runs. What they still do at its end is ended."""
    if settings.workers == "local":
        yield LOCAL  # the run's own trainers: flows.recording ends them
    else:
        with PoolWorkers(settings, run.fresh) as pool:
            yield pool
