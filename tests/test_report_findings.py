"""Findings: the candidate among them, and a run that reached nothing."""

from pathlib import Path

from drawn_findings import finished

from smearflow.report.findings import Findings
from smearflow.settings import Data, Settings


def test_the_candidate_is_found_among_the_scores(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert findings.judged is not None
    assert findings.judged.name == findings.candidate


def test_a_run_that_reached_nothing_is_a_summary_and_settings(tmp_path: Path) -> None:
    summary = finished(tmp_path).summary
    bare = Findings(summary, Settings(data=Data(group="image")))
    assert bare.judged is None
    assert not bare.patients_known
