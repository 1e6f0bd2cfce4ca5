"""The history section: the last decisions first, without a patient's name."""

from dataclasses import replace
from pathlib import Path

from drawn_findings import finished
from drawn_verdicts import history

from smearflow.report.history_section import SHOWN, history_section
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of


def test_the_last_decision_comes_first_and_names_no_patient(tmp_path: Path) -> None:
    findings = replace(finished(tmp_path), history=history(), openings=3)
    section = history_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None and section.total == 4
    assert [decided.word for decided in section.decisions] == ["rolled back", "promoted", "not good enough", "promoted"]
    assert section.decisions[0].when == "2026-11-04 09:30"
    assert "C39" not in section.decisions[1].why and "patient" in section.decisions[1].why
    page = render(findings)
    assert ">forced</span>" in page and "A test set was opened for 3 of them:" in page


def test_only_the_last_ones_are_shown(tmp_path: Path) -> None:
    findings = replace(finished(tmp_path), history=history() * 5)
    section = history_section(findings, names_of(None, findings.settings.data, hidden=True))
    assert section is not None and (len(section.decisions), section.total) == (SHOWN, 20)


def test_a_workspace_without_decisions_has_no_history_and_misses_none(tmp_path: Path) -> None:
    page = render(finished(tmp_path))
    assert 'id="history"' not in page and "history" not in page.partition("Not on this page")[2].partition(".")[0]
