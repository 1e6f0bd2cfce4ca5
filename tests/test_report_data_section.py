"""The data section: counts, sheets that show many patients, broken expectations apart."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from drawn_findings import finished

from smearflow.report.data_section import DataSection, data_section
from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import names_of
from smearflow.settings import Report


def gathered(findings: Findings) -> DataSection:
    section = data_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return finished(tmp_path)


def test_it_counts_images_and_patients_of_each_class(findings: Findings) -> None:
    assert gathered(findings).images_of == (("Parasitized", 21, 6), ("Uninfected", 24, 6))
    assert gathered(findings).formats == "PNG 45"


def test_it_says_what_was_converted(findings: Findings) -> None:
    assert gathered(findings).converted == ""
    assert findings.manifest is not None
    some = findings.manifest.assign(converted="palette")
    some.loc[some.index[5:8], "converted"] = "grey, rotated"
    some.loc[some.index[8:], "converted"] = pd.NA
    said = gathered(replace(findings, manifest=some)).converted.replace("\N{NO-BREAK SPACE}", " ")
    assert said == "5 images were converted to 8-bit RGB: grey 3, palette 2, rotated 3."


def test_a_sheet_shows_each_patient_before_it_shows_one_twice(findings: Findings) -> None:
    six = findings.settings.model_copy(update={"report": Report(sheet=6)})
    for sheet in gathered(replace(findings, settings=six)).sheets:
        assert len({cell.patient for cell in sheet.cells}) == 6


def test_an_image_that_has_gone_is_left_off_the_sheet(findings: Findings) -> None:
    assert findings.manifest is not None and findings.root is not None
    (findings.root / findings.manifest["path"].iloc[-1]).unlink()
    assert [len(sheet.cells) for sheet in gathered(findings).sheets] == [21, 23]


def test_broken_expectations_stand_apart(findings: Findings) -> None:
    section = gathered(findings)
    assert [c.expectation for c in section.broken] == ["files can be used"]
    assert [c.expectation for c in section.held] == ["there are images"]


def test_shapes_light_and_stain_are_shown(findings: Findings) -> None:
    assert findings.manifest is not None
    assert gathered(findings).looks == ()  # nothing was measured
    measured = findings.manifest.assign(brightness=150.0, red=180.0, blue=170.0)
    section = gathered(replace(findings, manifest=measured))
    assert section.shapes is not None
    assert section.shapes.distinct > 20
    assert [chart.title for chart in section.looks] == [
        "Brightness of the cell: 150 to 150, median 150",
        "Red minus blue: 10 to 10, median 10",
    ]


def test_where_nothing_can_be_used_counts_remain(findings: Findings) -> None:
    assert findings.manifest is not None
    section = gathered(replace(findings, manifest=findings.manifest.assign(reason="blank")))
    assert (section.images_of, section.sizes, section.shapes, section.looks, section.sheets) == ((), (), None, (), ())


def test_without_a_manifest_there_is_no_section(findings: Findings) -> None:
    names = names_of(None, findings.settings.data, hidden=True)
    assert data_section(replace(findings, manifest=None), names) is None
