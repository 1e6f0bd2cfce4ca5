"""The front page of a workspace says which model serves, how the last check went, and what the runs came to."""

import json
from pathlib import Path

import pytest

from smearflow.report.index_page import SHOWN, render_index, render_missing
from smearflow.summary import (
    ChampionResult,
    Dataset,
    Figure,
    ModelResult,
    Outcome,
    Paths,
    StageResult,
    Summary,
    Verdict,
    write_summary,
)
from smearflow.summary import TestFigures as Figures
from smearflow.workspace import Workspace

FIGURES = Figures(
    **{name: Figure(value=0.957, low=0.941, high=0.968) for name in ("accuracy", "sensitivity", "specificity", "auc")}
)
CHAMPION = ChampionResult(registry_name="malaria-cells", version=3, model="compact", provisional=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "ward-7")


def ran(workspace: Workspace, run_id: str, outcome: Outcome, why: str = "It is better.", **rest: object) -> Path:
    folder = workspace.run(run_id)
    folder.mkdir(parents=True)
    status = "failed" if outcome == "failed" else "completed"
    verdict = Verdict(outcome=outcome, why=why, next="Go on.")
    told = {"run_id": run_id, "command": "run", "status": status, "verdict": verdict, **rest}
    write_summary(Summary.model_validate(told), folder)
    (folder / "report.html").write_text("<!doctype html>")
    return folder


def test_runs_come_newest_first_with_verdict_time_and_report(workspace: Workspace) -> None:
    counts = {"quarantined": 0, "review": 0, "ignored": 2, "links": 0}
    dataset = Dataset(digest="d", images=27558, classes={}, groups=200, **counts)
    ran(workspace, "20261123-030000-aaaa", "none")
    ran(workspace, "20261124-081500-bbbb", "kept", dataset=dataset)
    page = render_index(workspace)
    assert page.index("Champion kept") < page.index("No model is good enough")
    assert "2026-11-24 08:15 UTC" in page and "27,558\u00a0images of 200\u00a0groups" in page
    assert 'href="/runs/20261124-081500-bbbb/report.html"' in page
    assert "ward-7" in page


def test_the_champion_comes_with_the_figures_of_the_run_that_made_it(workspace: Workspace) -> None:
    model = ModelResult(name="compact", status="ok", test=FIGURES)
    ran(workspace, "20261123-030000-aaaa", "promoted", champion=CHAMPION, models=(model,))
    ran(workspace, "20261124-030000-bbbb", "kept", champion=CHAMPION)
    page = render_index(workspace)
    assert "malaria-cells" in page and "version 3" in page
    assert "95.7\u00a0%" in page and "94.1 to 96.8" in page
    measured = page.index("How it was measured")
    assert "/runs/20261123-030000-aaaa/report.html" in page[measured - 120 : measured]


def test_a_failure_names_its_stage_and_no_file(workspace: Workspace) -> None:
    stages = (StageResult(name="scan", state="failed", seconds=1),)
    ran(workspace, "20261124-030000-bbbb", "failed", why="C12P3_cell_9.png can't be read", stages=stages)
    page = render_index(workspace)
    assert "The run failed" in page and "in the stage scan" in page
    assert "C12P3" not in page


def test_data_docs_that_are_gone_are_not_linked(workspace: Workspace) -> None:
    docs = workspace.artifact("validate", "0abc") / "data_docs" / "index.html"
    ran(workspace, "20261124-030000-bbbb", "kept", paths=Paths(data_docs=docs))
    assert "Data Docs" not in render_index(workspace)
    docs.parent.mkdir(parents=True)
    docs.write_text("docs")
    assert 'href="/artifacts/validate/0abc/data_docs/index.html"' in render_index(workspace)


def test_the_last_check_is_told_with_a_way_to_all_of_them(workspace: Workspace) -> None:
    workspace.checks.mkdir()
    check = {"verdict": "alarm", "cells": 412, "patients": 9, "when": "2026-11-24T06:00:12+00:00", "checks": []}
    (workspace.checks / "latest.json").write_text(json.dumps(check | {"why": "The cells are darker."}))
    (workspace.checks / "index.html").write_text("history")
    page = render_index(workspace)
    assert "The cells are darker." in page
    assert "Alarm" in page and "412\u00a0cells of 9\u00a0patients, 2026-11-24 06:00" in page
    assert 'href="/checks/index.html"' in page


def test_many_runs_are_counted_and_a_spoilt_one_is_left_out(workspace: Workspace) -> None:
    for number in range(SHOWN + 2):
        ran(workspace, f"20261101-0000{number:02}-aaaa", "kept")
    (workspace.run("20261101-000000-aaaa") / "summary.json").write_text('{"run_id": 1')
    page = render_index(workspace)
    assert page.count("Champion kept") == SHOWN
    assert "1\u00a0earlier run " in page


def test_what_a_run_says_is_text_not_markup(workspace: Workspace) -> None:
    ran(workspace, "20261124-030000-bbbb", "kept", why="<script>alert(1)</script>")
    assert "<script>" not in render_index(workspace)


def test_a_missing_page_leads_back() -> None:
    assert 'href="/"' in render_missing()
