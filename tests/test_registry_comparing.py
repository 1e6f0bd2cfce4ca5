"""Two versions on one test set: the latest run's, from the session's own run (10 s: one process)."""

import json
from pathlib import Path

import pytest

from smearflow.errors import MissingPart, UsageError
from smearflow.registry.comparing import compare_versions, latest_test_set
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
    assert asked.run == json.loads((workspace.latest / "summary.json").read_text())["run_id"]
    assert len(list((workspace.artifacts / "version-scores").glob("[!.]*"))) == 1


def test_a_version_that_is_not_registered_is_refused(finished, workspace: Workspace) -> None:
    settings = Settings(registry=Registry(name="small-cells"))
    with pytest.raises(UsageError, match="There is no version 9 of small-cells"):
        compare_versions(seat_of(settings.registry, workspace), 1, 9, settings)


def test_without_a_run_there_is_no_test_set(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match=r"No run in .* has a test set whose images are still there"):
        latest_test_set(Workspace.at(tmp_path))
