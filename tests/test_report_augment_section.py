"""Augmentation in words, and its sheet as a picture."""

from dataclasses import replace
from pathlib import Path

from drawn_findings import finished
from PIL import Image

from smearflow.models.operators import LECTURE, OPERATORS
from smearflow.report.augment_section import AugmentSection, augment_section, changes
from smearflow.report.pseudonyms import names_of
from smearflow.settings import Augment


def test_only_what_is_done_is_told() -> None:
    still = Augment(
        vertical_flip=False, quarter_turns=False, width_shift=0, height_shift=0, zoom=(1, 1), brightness=(0.8, 1.1)
    )
    assert changes(still) == ("mirrored left and right", "made 0.8 to 1.1 times as bright")


def drawn(folder: Path, augment: Augment) -> AugmentSection:
    """The section of a run whose pictures are black."""
    pictures = {name: folder / f"{name}.png" for name in ("sheet", *(operator.setting for operator in OPERATORS))}
    for picture in pictures.values():
        Image.new("RGB", (40, 20)).save(picture)
    findings = finished(folder / "cells", sheet=pictures.pop("sheet"), strips=pictures)
    findings = replace(findings, settings=findings.settings.model_copy(update={"augment": augment}))
    section = augment_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


def test_the_sheet_is_on_the_page(tmp_path: Path) -> None:
    assert drawn(tmp_path, Augment()).url.startswith("data:image/jpeg;base64,")


def test_each_operator_has_a_strip_with_its_strengths_and_says_whether_it_is_on(tmp_path: Path) -> None:
    strips = {strip.operator.setting: strip for strip in drawn(tmp_path, Augment(shear=45)).strips}
    assert len(strips) == 9
    assert (strips["zoom"].use, strips["shear"].use, strips["rotation"].use) == ("on", "doubtful", "off")
    assert strips["zoom"].span == "0.9 to 1.1 scale of the view"
    assert strips["rotation"].labels[0] == "\N{MINUS SIGN}90°"
    assert strips["horizontal_flip"].span == ""


def test_what_goes_beyond_real_cells_is_said(tmp_path: Path) -> None:
    assert len(drawn(tmp_path, LECTURE).doubts) == 5


def test_without_a_sheet_there_is_no_section(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    assert augment_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True)) is None
