"""The mistakes section: pictures, what the label says, what the model said."""

from dataclasses import replace
from pathlib import Path

from drawn_findings import CLASSES, finished, predicted

from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.report.mistakes_section import mistakes_section
from smearflow.report.pseudonyms import names_of


def test_each_has_its_picture_its_label_and_what_the_model_said(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert findings.split is not None
    rows = predicted(findings.split, 0.6).query("split == 'test'")
    findings = replace(findings, mistakes=confident_mistakes(rows, CLASSES[0], 0.5, 3))
    section = mistakes_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    assert len(section.mistakes) == 3
    for mistake in section.mistakes:
        assert mistake.url is not None
        assert {mistake.label, mistake.called} == set(CLASSES)
        assert (mistake.kind == "missed") == (mistake.label == CLASSES[0])
        assert 0.5 <= mistake.confidence <= 1


def test_without_a_candidate_there_is_no_section(tmp_path: Path) -> None:
    findings = replace(finished(tmp_path), candidate=None)
    assert mistakes_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True)) is None
