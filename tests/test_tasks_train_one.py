"""What the page of a training says, and what its key depends on."""

from pathlib import Path

from smearflow.models.jobs import LOCAL
from tests.drawn_models import trained


def test_the_page_leads_with_what_was_trained_and_says_what_is_a_control() -> None:
    from tasks.train_one import says

    told = says(trained("MobileNetV2", engine="LiteRT"))
    assert "| engine of the frozen layers | LiteRT |" in told
    assert told.startswith("# MobileNetV2: 2,257,984 parameters, 481 of them trained\n")
    assert "| freeze boundary | block_6_expand_relu |" in told
    control = says(trained("MobileNetV2", weights="random", control=True))
    assert control.splitlines()[0].endswith("481 of them trained, a control: its frozen layers are random")
    assert "| freeze boundary | none: trained whole |" in says(trained("compact", cut=None))


def test_who_trains_is_no_part_of_the_key(tmp_path: Path) -> None:
    from smearflow.models.ray_workers import RayWorkers
    from smearflow.provenance import reached
    from smearflow.settings import Settings
    from smearflow.workspace import Workspace
    from tasks.stage import identity
    from tasks.train_one import train
    from tasks.workers_pool import PoolWorkers

    hands = [LOCAL, PoolWorkers(Settings(workers="pool"), fresh=True), RayWorkers(Workspace.at(tmp_path))]
    assert {identity(workers) for workers in hands} == {"workers"}
    code = reached(train.code)
    assert "smearflow.models.jobs" in code and "tasks.workers_pool" not in code
    assert "smearflow.models.ray_workers" not in code
