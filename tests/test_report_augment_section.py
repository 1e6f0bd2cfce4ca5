"""Augmentation in words, and its sheet as a picture."""

from pathlib import Path

from drawn_findings import finished
from PIL import Image

from smearflow.report.augment_section import augment_section, changes
from smearflow.report.pseudonyms import names_of
from smearflow.settings import Augment


def test_only_what_is_done_is_told() -> None:
    still = Augment(
        vertical_flip=False, quarter_turns=False, width_shift=0, height_shift=0, zoom=(1, 1), brightness=(0.8, 1.1)
    )
    assert changes(still) == ("mirrored left and right", "made 0.8 to 1.1 times as bright")


def test_the_sheet_is_on_the_page(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    Image.new("RGB", (40, 20)).save(sheet)
    findings = finished(tmp_path / "cells", sheet=sheet)
    section = augment_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    assert section.url.startswith("data:image/jpeg;base64,")
