"""What a run was made of, as far as it came."""

from smearflow.origins import now_at_hand, origins_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.stage import Run
from tasks.trace import traced


def test_a_run_that_did_not_train_leaves_nothing(tmp_path):
    assert traced(Run("validate", Settings(), Workspace.at(tmp_path), "a-run")) is None


def test_a_finished_run_says_what_it_was_made_of(finished_summary, workspace):
    summary = finished_summary
    origins = origins_of(workspace, summary.run_id)
    assert origins.digests["data"] == summary.dataset.digest
    assert origins.digests["code"] == now_at_hand()["code"]
    assert {"split", "ledger", "lock"} <= origins.digests.keys()
    assert origins.split == summary.paths.split and origins.root.is_dir()
    assert list(origins.models) == ["compact", "MobileNetV2"]
    assert all((made.folder / "bundle" / "model.keras").exists() for made in origins.models.values())
    assert origins.models["compact"].engine is None and origins.models["MobileNetV2"].engine
