"""Two versions on one test set: the latest run's, from the session's own run (10 s: one process)."""

import json
from pathlib import Path

import pytest

from smearflow.errors import MissingPart, UsageError
from smearflow.origins import last_run, write_origins
from smearflow.registry.comparing import compare_versions
from smearflow.registry.succession import seat_of
from smearflow.settings import Evaluation, Registry, Settings
from smearflow.workspace import Workspace


def test_a_version_compared_with_itself_differs_by_nothing_and_is_scored_once(finished, workspace: Workspace) -> None:
    settings = Settings(registry=Registry(name="small-cells"), evaluation=Evaluation(bootstrap=100))
    seat = seat_of(settings.registry, workspace)
    found, asked = compare_versions(seat, 1, 1, settings)
    assert found.only_candidate == found.only_other == 0
    assert {(figure.value, figure.low, figure.high) for figure in found.difference.values()} == {(0.0, 0.0, 0.0)}
    assert found.images > 20
    assert asked.run_id == json.loads((workspace.latest / "summary.json").read_text())["run_id"]
    assert len(list((workspace.artifacts / "version-scores").glob("[!.]*"))) == 1


def test_a_version_that_is_not_registered_is_refused(finished, workspace: Workspace) -> None:
    settings = Settings(registry=Registry(name="small-cells"))
    with pytest.raises(UsageError, match="There is no version 9 of small-cells"):
        compare_versions(seat_of(settings.registry, workspace), 1, 9, settings)


def test_without_its_images_there_is_no_test_set(finished, workspace: Workspace, tmp_path: Path) -> None:
    settings = Settings(registry=Registry(name="small-cells"))
    origins = last_run(workspace)
    write_origins(origins.model_copy(update={"root": tmp_path / "gone"}), tmp_path / "workspace" / "runs" / "r")
    for path in (workspace.registry, workspace.registry_files):
        (tmp_path / "workspace" / path.name).symlink_to(path)
    seat = seat_of(settings.registry, Workspace(tmp_path / "workspace"))
    with pytest.raises(MissingPart, match=r"The images of run .* aren't at .*gone any more"):
        compare_versions(seat, 1, 1, settings)
