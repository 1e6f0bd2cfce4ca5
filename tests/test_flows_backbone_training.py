"""What a worker checks before it trains a backbone for a retraining on another machine."""

from pathlib import Path

import pytest

from smearflow.data.splitting import Parts
from smearflow.errors import MissingPart
from smearflow.workspace import Workspace


def test_a_folder_that_the_worker_does_not_see_is_named(tmp_path: Path) -> None:
    from flows.backbone_training import _check_shared

    parts = Parts(tmp_path / "split.parquet", "digest", tmp_path, 6, 2, 2, 5, 0, 0, 0)
    with pytest.raises(MissingPart, match=r"This worker sees no .*split\.parquet") as refused:
        _check_shared(Workspace.at(tmp_path), parts)
    assert "at the paths of the retraining" in refused.value.fix
