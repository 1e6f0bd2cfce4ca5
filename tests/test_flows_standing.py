"""What `smearflow status` says, and keeps saying in the same keys."""

import json
from pathlib import Path

import pytest

from flows.standing import standing, standing_lines
from smearflow.settings import Settings
from smearflow.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return Workspace.at(tmp_path)


def test_an_empty_workspace_has_every_key_and_nothing_in_it(workspace: Workspace) -> None:
    found = standing(workspace, Settings())
    stopped = {"state": "stopped", "url": None, "pid": None}
    assert found["services"] == dict.fromkeys(("server", "worker", "page"), stopped)
    assert {k for k, v in found.items() if v is None} == {"champion", "last_run", "last_check", "next_runs"}
    assert found["disk_free_bytes"] > 0
    json.dumps(found)


def test_the_last_check_is_passed_on_as_it_is(workspace: Workspace) -> None:
    workspace.checks.mkdir()
    check = {"verdict": "ok", "cells": 412, "patients": 9, "when": "2026-11-24T06:00:12+00:00", "checks": []}
    (workspace.checks / "latest.json").write_text(json.dumps(check))
    assert standing(workspace, Settings())["last_check"] == check


def test_a_spoilt_check_is_none(workspace: Workspace) -> None:
    workspace.checks.mkdir()
    (workspace.checks / "latest.json").write_text('{"verdict": ')
    assert standing(workspace, Settings())["last_check"] is None


def test_a_person_reads_a_line_each(workspace: Workspace) -> None:
    found = standing(workspace, Settings()) | {
        "last_check": {"verdict": "alarm", "when": "2026-11-24T06:00:12+00:00"},
        "automations": ["labels-retrain"],
        "next_runs": [
            {"name": "a", "deployment": "retraining", "expected_start": "2026-11-29T03:00:00Z", "state": "Scheduled"},
            {"name": "b", "deployment": "retraining", "expected_start": "2026-11-24T09:00:00Z", "state": "Late"},
        ],
    }
    told = "\n".join(standing_lines(found))
    assert "worker    stopped" in told and "champion  none" in told and "last run  none" in told
    assert "checked   2026-11-24T06:00:12+00:00: alarm" in told
    assert "next      retraining at 2026-11-29 03:00 UTC\n" in told
    assert "next      retraining at 2026-11-24 09:00 UTC, Late\n" in told
    assert "labels    a retraining begins when some have arrived (labels-retrain)\n" in told
    assert "GB free" in told


@pytest.mark.parametrize("text", ["", "{", "{}", "null"])
def test_a_last_run_that_cannot_be_read_is_none(workspace: Workspace, text: str) -> None:
    workspace.latest.mkdir()
    (workspace.latest / "summary.json").write_text(text)
    assert standing(workspace, Settings())["last_run"] is None
