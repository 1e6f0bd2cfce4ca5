"""The certainty section: what probabilities are worth, where it says unsure, what it doesn't know."""

from dataclasses import replace

import pytest
from drawn_findings import finished
from drawn_verdicts import judged_thoroughly

from smearflow.evaluation.calibration import Calibration
from smearflow.report.certainty_section import CertaintySection, certainty_section
from smearflow.report.findings import Findings
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    folder = tmp_path_factory.mktemp("cells")
    return judged_thoroughly(finished(folder / "cells"), folder / "heat")


def gathered(findings: Findings) -> CertaintySection:
    section = certainty_section(findings, names_of(None, findings.settings.data, hidden=True))
    assert section is not None
    return section


def calibrated(findings: Findings, calibration: Calibration) -> Findings:
    scores = tuple(replace(s, calibration=calibration) for s in findings.scores)
    return replace(findings, scores=scores)


def test_a_ring_a_level_stands_beside_the_diagonal(findings: Findings) -> None:
    scores, chart = findings.judged, gathered(findings).reliability
    assert scores is not None and chart is not None
    assert chart.svg.count('class="mark') == len(scores.reliability)
    assert 'class="chance"' in chart.svg


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        (Calibration(), "Not calibrated"),
        (Calibration("temperature", temperature=1.5), "one temperature, 1.50: the network was too sure of itself"),
        (Calibration("temperature", temperature=0.8), "the network was not sure enough of itself"),
        (Calibration("isotonic", x=(0.0, 1.0), y=(0.1, 0.9)), "a rising curve of 2\xa0points"),
    ],
)
def test_it_says_how_the_probabilities_were_calibrated(
    findings: Findings, calibration: Calibration, words: str
) -> None:
    assert words in gathered(calibrated(findings, calibration)).calibrated_by


def test_the_ring_of_the_risk_curve_is_where_the_band_lets_it_stand(findings: Findings) -> None:
    section = gathered(findings)
    assert section.curve is not None and section.curve.svg.count('class="mark') == 1
    page = render(findings)
    assert "are called <b>unsure</b>" in page and "0.420 to 0.580" in page


def test_strangers_that_are_not_noticed_are_said_so(findings: Findings) -> None:
    section = gathered(findings)
    assert section.familiar is not None and section.familiar.good
    assert [(s.what, s.good) for s in section.strangers] == [("photographs", True), ("noise", True), ("blank", False)]
    assert "often not noticed" in render(findings)


def test_without_a_band_or_an_examination_the_rest_stands(findings: Findings) -> None:
    section = gathered(replace(findings, abstention=None, examined=None))
    assert section.curve is None and section.familiar is None and section.strangers == ()
    assert "unlike its training set" not in render(replace(findings, abstention=None, examined=None))
