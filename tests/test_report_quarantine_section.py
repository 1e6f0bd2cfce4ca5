"""The quarantine section: every reason in words, pictures where there are any, no more rows than a page can hold."""

from dataclasses import replace
from pathlib import Path

import pytest
from drawn_findings import finished

from smearflow.data.manifest import REASONS
from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import names_of
from smearflow.report.quarantine_section import MEANINGS, QuarantineSection, quarantine_section


def gathered(findings: Findings) -> QuarantineSection:
    section = quarantine_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return finished(tmp_path)


def test_every_reason_is_explained_in_the_order_of_the_checks() -> None:
    assert tuple(MEANINGS) == REASONS


def test_reasons_are_counted_and_reviews_apart(findings: Findings) -> None:
    section = gathered(findings)
    assert {(reason, images) for reason, images, _ in section.reasons} == {
        ("truncated", 1),
        ("unreadable", 1),
        ("label_conflict", 1),
    }
    assert (section.total, section.review) == (3, 1)


def test_what_decodes_has_a_picture_and_what_was_not_recognised_is_not_opened(findings: Findings) -> None:
    assert findings.manifest is not None
    assert {row.reason: row.url is not None for row in gathered(findings).rows} == {
        "truncated": False,
        "unreadable": True,  # it could not be read then: now it can
        "label_conflict": True,
    }
    strange = replace(findings, manifest=findings.manifest.assign(format=None))
    assert not any(row.url for row in gathered(strange).rows)


def test_an_error_does_not_name_the_file(findings: Findings) -> None:
    errors = " ".join(row.error for row in gathered(findings).rows)
    assert "image file is truncated: Parasitized " in errors
    assert "C104" not in errors


def test_fifty_rows_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert findings.manifest is not None
    many = findings.manifest.loc[findings.manifest.index.repeat(2)].assign(reason="blank")
    section = gathered(replace(findings, manifest=many.assign(path=[f"Uninfected/{n}.png" for n in range(len(many))])))
    assert (len(section.rows), section.total) == (50, 96)
    assert [row.row for row in section.rows[:2]] == [1, 2]
