"""Validate as a stage: what a person reads of the contract in the UI, also where it ends the run (8 s: GX, Prefect)."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound
from drawn_suite import WITHDRAWN

from smearflow.data.manifest import content_digest, read_manifest
from smearflow.settings import Data, Quality, Settings
from smearflow.workspace import Workspace, is_whole


def written(folder: Path, manifest: pd.DataFrame) -> Path:
    manifest.to_parquet(folder / "manifest.parquet")
    return folder / "manifest.parquet"


def artifact(key: str) -> str:
    """The newest artifact of ``key`` on the server."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    chosen = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=chosen, sort=ArtifactSort.CREATED_DESC)
    return str(found[0].data)


def test_data_that_hold_go_on_with_their_warnings_and_data_docs(tmp_path: Path) -> None:
    from tasks.validate import says, validate

    rows = sound()
    rows.loc[3, "reason"] = "duplicate"
    checked = validate.function(tmp_path / "made", written(tmp_path, rows), tmp_path, Data(), Quality())
    contract = checked.contract
    assert contract.passed
    assert contract.docs == tmp_path / "made" / "data_docs" / "index.html"
    assert contract.docs.exists() and is_whole(tmp_path / "made")
    told = says(checked)
    count = len(contract.checks)
    assert told.startswith(f"# {count - 1} of {count} expectations hold\n")
    assert told.count("\n| pass |") == count - 1
    assert told.count("\n| WARNING |") == 1
    assert f"Data Docs: `{contract.docs}`" in told


def test_a_broken_contract_ends_the_run_and_still_shows_what_was_found(prefect_server, tmp_path: Path) -> None:
    from prefect import flow

    from tasks.stage import Run
    from tasks.validate import ContractBroken, validate

    rows = sound()
    rows.loc[:29, "reason"] = "truncated"
    run = Run("run", Settings(), Workspace.at(tmp_path / "workspace"), "a-run")
    with pytest.raises(ContractBroken, match="30 of 200") as caught:
        flow(name="test")(lambda: validate(run, written(tmp_path, rows), tmp_path, Data(), Quality()))()
    contract = caught.value.checked.contract
    assert "files" in {check.suite for check in contract.critical}
    assert contract.docs is not None and contract.docs.exists()
    told = artifact("validate")
    assert "\n| CRITICAL | files can be used as images of cells | at most 5 % can't | 30 of 200 (15 %)" in told
    assert str(contract.docs) in told
    assert [(stage.name, stage.state) for stage in run.stages] == [("validate", "failed")]


def test_cells_without_labels_are_checked_as_far_as_they_go(tmp_path: Path) -> None:
    from tasks.validate import validate

    manifest = written(tmp_path, sound().assign(label=None))
    given = (manifest, tmp_path, Data(), Quality())
    contract = validate.function(tmp_path / "made", *given, labels_required=False).contract
    assert contract.passed
    assert {check.suite for check in contract.checks} == {"files", "images"}


def test_later_stages_read_a_manifest_without_what_a_rule_leaves_out(tmp_path: Path) -> None:
    from expectations.extensions import find_extensions
    from tasks.validate import says, validate

    quality = Quality(suites=("tests.drawn_suite:suite",))
    before, rows = written(tmp_path, sound()), sound()
    given = (before, tmp_path, Data(), quality, find_extensions(Data(), quality))
    checked = validate.function(tmp_path / "made", *given)
    found = checked.manifest
    assert found.path == tmp_path / "made" / "manifest.parquet" and found.root == tmp_path
    assert (found.images, found.groups, found.reasons) == (184, 23, {"contract": 16})
    assert found.digest == content_digest(read_manifest(found.path)) != content_digest(rows)
    (told,) = pd.read_parquet(found.quarantine)["error"].unique()
    assert told == f"breaks consent: {WITHDRAWN}"
    assert "Left out for breaking a rule: 16 (reason `contract`)." in says(checked)
    assert read_manifest(before).equals(rows), "the manifest that was given stays"
