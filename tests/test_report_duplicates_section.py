"""The duplicates section: counts, pairs side by side, and no name of a patient."""

from dataclasses import replace
from pathlib import Path

import pytest
from drawn_findings import finished

from smearflow.report.duplicates_section import ROWS, DuplicatesSection, duplicates_section
from smearflow.report.findings import Findings
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of


def gathered(findings: Findings) -> DuplicatesSection:
    section = duplicates_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return finished(tmp_path)


def test_pairs_are_counted_and_shown_with_what_became_of_them(findings: Findings) -> None:
    section = gathered(findings)
    assert (section.pairs, section.across, section.conflicts) == (2, 1, 1)
    across, within = section.shown
    assert {across.first.reason, across.second.reason} == {"label_conflict", None}
    assert {within.first.reason, within.second.reason} == {None}
    assert all(one.url for pair in section.shown for one in (pair.first, pair.second))


def test_images_are_called_by_their_pseudonyms(findings: Findings) -> None:
    section = gathered(findings)
    assert section.shown[0].first.name.split()[0] in ("Parasitized", "Uninfected")
    assert "ThinF" not in render(findings)


def test_a_page_shows_no_more_pairs_than_it_can_hold(findings: Findings) -> None:
    assert findings.pairs is not None
    many = findings.pairs.loc[findings.pairs.index.repeat(30)]
    assert (len(gathered(replace(findings, pairs=many)).shown), len(many)) == (ROWS, 60)


def test_without_duplicates_the_page_says_so(findings: Findings) -> None:
    assert findings.manifest is not None and findings.pairs is not None
    sound = findings.manifest[findings.manifest["reason"].isna()]
    text = render(replace(findings, manifest=sound, pairs=findings.pairs.head(0)))
    assert "No image shows the same cell as another" in text


def test_a_run_that_did_not_look_has_no_section(findings: Findings) -> None:
    assert (
        duplicates_section(replace(findings, pairs=None), names_of(None, findings.settings.data, hidden=True)) is None
    )
