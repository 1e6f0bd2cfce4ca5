"""All checks: appended whole, read past a torn line, and shown on a page that needs nothing else."""

import re
from pathlib import Path

import pytest

from smearflow.monitoring.history import append, headline, history_of, is_judged, read, render, write_page
from smearflow.monitoring.judging import judge
from smearflow.monitoring.result import ChampionLine, CheckResult
from smearflow.settings import Evaluation, QualityCheck, Settings
from smearflow.workspace import Workspace
from tests.drawn_patients import darker, patients, reference

SETTINGS = Settings(evaluation=Evaluation(bootstrap=100), quality_check=QualityCheck(resamples=200))


def result(number: int, light: float = 1.0, count: int = 12, **changes: object) -> CheckResult:
    cells = darker(patients(count, seed=10 + number), light)
    judgement = judge(cells, reference(), 0.5, (), SETTINGS)
    facts = {name: getattr(judgement, name) for name in vars(judgement)}
    champion = ChampionLine(registry_name="malaria-cells", version=3, model="compact")
    return CheckResult(
        **{
            **facts,
            "when": f"2026-11-{number:02d}T08:15:00+00:00",
            "batch": f"b{number}",
            "scheduled": True,
            "champion": champion,
            "cells": len(cells),
            "labelled": len(cells),
            "left_out": 0,
            "contract": (),
            **changes,
        }
    )


@pytest.fixture(scope="module")
def results() -> tuple[CheckResult, ...]:
    return result(1), result(2, 0.75), result(3, figures={}, labelled=0)


def test_checks_come_back_in_order_and_a_torn_line_costs_itself_alone(results, tmp_path: Path):
    history = history_of(Workspace.at(tmp_path))
    assert read(history) == ()
    append(history, results[0])
    with history.open("a") as file:
        file.write('{"verdict": "al')  # the power went
    append(history, results[1])
    assert [r.batch for r in read(history)] == ["b1", "b2"]
    assert is_judged(history, "b2") and not is_judged(history, "b3")


def test_the_page_leads_with_the_last_check_and_lists_all(results):
    page = render(results[:2])
    assert "what the champion knows" in page and "brightness is lower" in page
    assert page.index("b2") < page.index("b1")
    assert page.count('<svg class="spark"') >= 12
    assert "the interval is by patients" in page


def test_a_check_without_labels_or_with_too_few_patients_says_so(results):
    assert "Without labels nobody knows" in render(results)
    assert "Too few patients to tell" in render((*results, result(4, count=3)))


def test_the_headline_says_what_the_verdict_rests_on(results):
    assert headline(results[0]).tone == "good"
    assert headline(results[1]).words == "New cells aren't what the champion knows"
    uncompared = results[0].model_copy(update={"checks": ()})
    assert headline(uncompared).tone == "calm"
    assert headline(uncompared.model_copy(update={"verdict": "alarm"})).words == "The batch is broken"
    assert headline(uncompared.model_copy(update={"verdict": "warning"})).words.startswith("Nobody can tell")


def test_the_page_loads_nothing_and_runs_nothing(results):
    page = render(results)
    assert not re.search(r"<script|src=|@import|https?://", page)


def test_no_check_yet_is_a_page_too(tmp_path: Path):
    page = write_page(Workspace.at(tmp_path))
    assert page == tmp_path / "checks" / "index.html" and "No check yet" in page.read_text()
