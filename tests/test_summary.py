"""summary.json is a public format: its names, and that it comes back."""

import json

import pytest
from pydantic import ValidationError

from smearflow.summary import SCHEMA_VERSION, Summary, Verdict, read_summary, write_summary

FAILED = Summary(
    run_id="20261124-081500-3f9a",
    command="run",
    status="failed",
    verdict=Verdict(outcome="failed", why="There is no cells.", next="Give --data an existing folder."),
)


def test_a_run_that_reached_nothing_has_every_name_with_null(tmp_path):
    written = json.loads(write_summary(FAILED, tmp_path).read_text())
    assert list(written) == [
        "schema_version", "run_id", "command", "status", "verdict", "dataset", "validation", "split", "models",
        "shortcut", "gate", "comparison", "slices", "abstention", "truths", "labels", "examined", "leak",
        "test_openings", "champion", "stages", "prefect", "paths",
    ]  # fmt: skip
    assert written["schema_version"] == SCHEMA_VERSION
    assert written["dataset"] is None and written["split"] is None and written["models"] == []
    assert set(written["paths"].values()) == {None}


def test_it_comes_back_as_it_was(tmp_path):
    assert read_summary(write_summary(FAILED, tmp_path)) == FAILED


def test_a_file_of_another_version_is_refused(tmp_path):
    (tmp_path / "summary.json").write_text('{"run": 1}')
    with pytest.raises(ValidationError):
        read_summary(tmp_path / "summary.json")
