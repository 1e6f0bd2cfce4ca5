"""The setting `workers` decides who trains, and nothing is started for those of this machine."""

from pathlib import Path

from smearflow.models.jobs import LOCAL
from smearflow.models.ray_workers import RayWorkers
from smearflow.settings import Settings
from smearflow.workspace import Workspace


def test_each_value_of_the_setting_hires_its_workers(tmp_path: Path) -> None:
    from tasks.stage import Run
    from tasks.workers import hired
    from tasks.workers_pool import PoolWorkers

    run = Run("run", Settings(), Workspace.at(tmp_path), "a-run")
    with hired(run, Settings()) as workers:
        assert workers is LOCAL
    assert list(tmp_path.iterdir()) == []
    with hired(run, Settings(workers="pool")) as workers:
        assert isinstance(workers, PoolWorkers)
    assert isinstance(hired(run, Settings(workers="ray")), RayWorkers)
