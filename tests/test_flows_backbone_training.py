"""What a worker checks before it trains a backbone for a retraining on another machine."""

from pathlib import Path

import pytest

from smearflow.data.splitting import Parts
from smearflow.errors import MissingPart
from smearflow.models.plans import Plan
from smearflow.settings import Model
from smearflow.workspace import Workspace, file_digest


def test_weights_are_taken_where_they_lie_on_the_workers_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.backbone_training import with_weights_here

    here = tmp_path / "here.weights.h5"
    here.write_bytes(b"weights")
    model = Model(name="VGG19", weights=str(here))
    plan = Plan("VGG19", model, Path("/another/machine/vgg19.h5"), file_digest(here))
    assert with_weights_here(plan).weights_file == here
    assert with_weights_here(plan).digest == plan.digest
    other = Plan("VGG19", model, Path("/another/machine/vgg19.h5"), "of other weights")
    with pytest.raises(MissingPart, match="VGG19: its weights here aren't those of the retraining"):
        with_weights_here(other)


def test_a_plan_without_weights_needs_none() -> None:
    from flows.backbone_training import with_weights_here

    plan = Plan("compact", Model(name="compact"), None, None)
    assert with_weights_here(plan) is plan


def test_a_folder_that_the_worker_does_not_see_is_named(tmp_path: Path) -> None:
    from flows.backbone_training import _check_shared

    parts = Parts(tmp_path / "split.parquet", "digest", tmp_path, 6, 2, 2, 5, 0, 0, 0)
    with pytest.raises(MissingPart, match=r"This worker sees no .*split\.parquet") as refused:
        _check_shared(Workspace.at(tmp_path), parts)
    assert "at the paths of the retraining" in refused.value.fix
