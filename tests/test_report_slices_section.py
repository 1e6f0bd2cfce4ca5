"""The slices section: the worst in words, patients by pseudonyms, no figure where there are too few cells."""

from dataclasses import replace

import pytest
from drawn_findings import finished
from drawn_verdicts import judged_thoroughly, measures, test_cells

from smearflow.evaluation.slices import slices, worst
from smearflow.report.findings import Findings
from smearflow.report.page import render
from smearflow.report.pseudonyms import Names, names_of
from smearflow.report.slices_section import slices_section


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    folder = tmp_path_factory.mktemp("cells")
    return judged_thoroughly(finished(folder / "cells"), folder / "heat")


def names(findings: Findings) -> Names:
    return names_of(findings.manifest, findings.settings.data, hidden=True)


def test_the_worst_is_a_patient_by_pseudonym(findings: Findings) -> None:
    section = slices_section(findings, names(findings))
    assert section is not None
    group = worst(findings.slices)[0].group
    assert group and section.worst[0].startswith(f"Cells of {names(findings).patient(group)}: ")
    assert group not in section.worst[0]
    assert "right of 60, where all cells have" in section.worst[0]


def test_parts_are_by_what_was_measured_and_patients_from_the_worst_on(findings: Findings) -> None:
    section = slices_section(findings, names(findings))
    assert section is not None
    assert [(title, len(rows)) for title, rows in section.parts] == [
        ("By size", 4),
        ("By brightness", 4),
        ("By stain", 4),
        ("By sharpness", 4),
    ]
    gaps = [row.part.gap.value for row in section.patients if row.part.gap]
    assert len(gaps) == 10 and gaps == sorted(gaps)
    assert all(row.picture and 'class="whole"' in row.picture for row in section.patients)
    assert "2\xa0more patients" in render(findings)


def test_too_small_stands_in_place_of_a_number(findings: Findings) -> None:
    cells = test_cells(findings)
    few = cells.drop(index=cells.index[:50])  # of the first patient, 10 are left
    shown = replace(findings, slices=slices(few, measures(few), "Parasitized", 0.5, 100, 30))
    section = slices_section(shown, names(findings))
    assert section is not None and section.small == 1
    assert section.patients[-1].part.images == 10 and section.patients[-1].picture is None
    page = render(shown)
    assert "too small</td>" in page and "1\xa0slice has fewer than 30 cells" in page


def test_without_slices_there_is_no_section(findings: Findings) -> None:
    assert slices_section(replace(findings, slices=()), names(findings)) is None
