"""The gate section: a line a rule, and the champion beside the candidate."""

from dataclasses import replace

import pytest
from drawn_findings import finished
from drawn_verdicts import judged_thoroughly

from smearflow.evaluation.verdict import GateCheck
from smearflow.report.findings import Findings
from smearflow.report.gate_section import GateSection, gate_section
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    folder = tmp_path_factory.mktemp("cells")
    return judged_thoroughly(finished(folder / "cells"), folder / "heat")


def gathered(findings: Findings) -> GateSection:
    section = gate_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


def test_each_rule_is_a_sentence_that_names_no_patient(findings: Findings) -> None:
    check = GateCheck("worst slice", -0.15, -0.2, -0.3, -0.17, "fail", "accuracy on patient C39 is surely below")
    section = gathered(replace(findings, gate=(check,)))
    (rule,) = section.rules
    assert rule.says.startswith("Accuracy on patient ") and rule.says.endswith(" is surely below.")
    assert "C39" not in rule.says
    assert (rule.tone, rule.word, section.broken, section.open) == ("bad", "failed", 1, 0)


def test_too_little_evidence_is_neither_passed_nor_failed(findings: Findings) -> None:
    check = GateCheck("auc against champion", -0.01, 0.0, -0.02, 0.02, "open", "AUC +0.0 points")
    shown = replace(findings, gate=(check,))
    assert (gathered(shown).broken, gathered(shown).open) == (0, 1)
    assert "breaks none of 1\xa0rule; for 1 there is" in render(shown)


def test_the_champion_stands_beside_the_candidate_on_the_same_images(findings: Findings) -> None:
    section = gathered(findings)
    assert section.differences[0][0] == "auc"
    page = render(findings)
    assert "compact, version 3" in page and "600\xa0test images of 10\xa0patients" in " ".join(page.split(" "))
    assert "McNemar" in page and section.surprise == "p = 1"


def test_without_a_champion_there_is_no_comparison(findings: Findings) -> None:
    assert "Beside the champion" not in render(replace(findings, comparison=None))


def test_without_a_verdict_there_is_no_section(findings: Findings) -> None:
    assert gate_section(replace(findings, gate=()), names_of(None, findings.settings.data, hidden=True)) is None
