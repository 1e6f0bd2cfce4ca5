"""The split section: images, patients and the share of positives in each set."""

import math
from pathlib import Path

from drawn_findings import finished

from smearflow.report.pseudonyms import names_of
from smearflow.report.split_section import Part, split_section


def test_each_set_has_its_images_patients_and_positives(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    section = split_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    assert [(p.name, p.images, p.groups, p.positive) for p in section.parts] == [
        ("Training", 21, 3, 9),
        ("Validation", 8, 1, 4),
        ("Test", 16, 2, 8),
    ]
    assert section.parts[1].share == 0.5


def test_the_share_of_an_empty_set_is_unknown() -> None:
    assert math.isnan(Part("Test", 0, 0, 0).share)
