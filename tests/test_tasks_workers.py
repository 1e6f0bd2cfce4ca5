"""The setting `workers` decides who trains, and nothing is started for those of this machine."""

import importlib.util
from pathlib import Path

from smearflow.data.scanning import HERE
from smearflow.models.jobs import LOCAL
from smearflow.models.ray_workers import RayWorkers
from smearflow.settings import Settings
from smearflow.workspace import Workspace


def test_each_value_of_the_setting_hires_its_workers(tmp_path: Path) -> None:
    from tasks.stage import Run
    from tasks.workers import hired
    from tasks.workers_pool import PoolWorkers

    run = Run("run", Settings(), Workspace.at(tmp_path), "a-run")
    with hired(run, Settings()) as crew:
        assert (crew.measurers, crew.trainers) == (HERE, LOCAL)
    with hired(run, Settings(workers="pool")) as crew:
        assert crew.measurers is HERE and isinstance(crew.trainers, PoolWorkers)
    if importlib.util.find_spec("ray"):
        with hired(run, Settings(workers="ray")) as crew:  # no cluster before it is needed
            assert isinstance(crew.measurers, RayWorkers) and crew.trainers is crew.measurers
    assert list(tmp_path.iterdir()) == []
