"""Two versions on one test set: the latest run's, from the session's own run (10 s: one process)."""

from pathlib import Path

import pytest
from drawn_registry import bundle_of, registered, seat_in

from smearflow.errors import MissingPart, UsageError
from smearflow.origins import last_run
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
    assert asked == last_run(workspace)
    assert len(list((workspace.artifacts / "version-scores").glob("[!.]*"))) == 1


def test_a_version_that_is_not_registered_is_refused(finished, workspace: Workspace) -> None:
    settings = Settings(registry=Registry(name="small-cells"))
    with pytest.raises(UsageError, match="There is no version 9 of small-cells"):
        compare_versions(seat_of(settings.registry, workspace), 1, 9, settings)


def test_without_a_test_set_nothing_is_compared(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    registered(seat, bundle_of(tmp_path))
    with pytest.raises(MissingPart, match=r"No run in .* has test images to measure on"):
        compare_versions(seat, 1, 1, Settings())
