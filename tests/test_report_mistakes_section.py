"""The mistakes section: pictures, what the label says, what the model said."""

from dataclasses import replace
from pathlib import Path

from drawn_findings import CLASSES, finished, predicted
from drawn_verdicts import judged_thoroughly

from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.report.mistakes_section import mistakes_section
from smearflow.report.page import render
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


def test_beside_each_cell_is_where_the_model_looked_and_then_cells_that_it_was_right_about(tmp_path: Path) -> None:
    findings = judged_thoroughly(finished(tmp_path / "cells"), tmp_path / "heat")
    assert findings.split is not None and findings.examined is not None
    drawn = findings.examined.heat.query("picture.notna()")
    wrong = drawn[drawn["kind"] == "missed"].assign(confidence=0.9)
    findings = replace(findings, mistakes=wrong)
    section = mistakes_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    (mistake,) = section.mistakes
    assert mistake.url is not None and mistake.inside == wrong["share_inside"].iloc[0]
    assert {cell.kind for cell in section.right} == {"hit", "cleared"}
    assert [cell.kind for cell in section.others] == ["false_alarm"]
    assert len(section.right) + 2 == len(drawn)
    assert [(kind.word, kind.images) for kind in section.heat][:2] == [("missed", 1), ("false alarm", 1)]
    page = render(findings)
    assert "A map has 24 places a side" in page and "of the heat on the cell" in page


def test_nobody_is_called_sure_below_a_half(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert findings.split is not None
    rows = findings.split.query("split == 'test' and label == 'Uninfected'").assign(probability=0.25)
    wrong = confident_mistakes(rows, CLASSES[0], 0.2, 1)
    page = render(replace(findings, mistakes=wrong))
    assert "at a probability of 25.0\xa0%" in page and "25.0\xa0% sure" not in page


def test_a_heat_map_that_is_gone_is_no_picture(tmp_path: Path) -> None:
    findings = judged_thoroughly(finished(tmp_path / "cells"), tmp_path / "heat")
    assert findings.examined is not None
    examined = replace(findings.examined, folder=tmp_path / "gone")
    section = mistakes_section(
        replace(findings, examined=examined), names_of(None, findings.settings.data, hidden=True)
    )
    assert section is not None and all(cell.url is None for cell in section.right)


def test_without_a_candidate_there_is_no_section(tmp_path: Path) -> None:
    findings = replace(finished(tmp_path), candidate=None)
    assert mistakes_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True)) is None
