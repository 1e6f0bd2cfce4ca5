"""The lecture's steps and table: of a run by its recipe only, and a scaled one says so."""

from dataclasses import replace
from pathlib import Path

from drawn_findings import finished

from smearflow.report.findings import Findings
from smearflow.report.lecture_section import is_lecture, lecture_section, shortened
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of
from smearflow.settings import Lecture, Model


def taught(root: Path, scale: float = 1.0) -> Findings:
    """The finished run as if its models had been trained by the lecture's recipe."""
    found = finished(root)
    models = tuple(model.model_copy(update={"recipe": "lecture"}) for model in found.summary.models)
    asked = tuple(Model(name=model.name, recipe="lecture") for model in models)
    settings = found.settings.model_copy(update={"models": asked, "lecture": Lecture(epochs_scale=scale)})
    return replace(found, settings=settings, summary=found.summary.model_copy(update={"models": models}))


def test_another_run_has_no_such_section_and_does_not_miss_it(tmp_path: Path) -> None:
    found = finished(tmp_path)
    assert not is_lecture(found)
    assert lecture_section(found, names_of(found.manifest, found.settings.data, hidden=True)) is None
    assert "Beside the lecture" not in render(found)
    assert "beside the lecture" not in render(found)


def test_each_model_stands_beside_the_lectures_and_a_failed_one_says_why(tmp_path: Path) -> None:
    found = taught(tmp_path)
    section = lecture_section(found, names_of(found.manifest, found.settings.data, hidden=True))
    assert section is not None
    told = {row.model.name: row.lecture.accuracy for row in section.rows}
    assert told == {"compact": None, "MobileNetV2": 0.9628, "VGG19": None}
    assert [row.error is not None for row in section.rows] == [False, False, True]
    assert len(section.steps) == 7 and all(step.done for step in section.steps)


def test_a_scaled_run_says_so_in_its_first_lines(tmp_path: Path) -> None:
    found = taught(tmp_path, 0.1)
    assert "Trained at 0.1 of the lecture" in str(shortened(found))
    page = render(found)
    assert page.index("Trained at 0.1 of the lecture") < page.index("<h2>Why</h2>")
    assert shortened(taught(tmp_path / "whole")) is None


def test_test_images_of_patients_who_were_trained_on_are_counted(tmp_path: Path) -> None:
    found = taught(tmp_path)
    assert found.split is not None
    mixed = found.split.assign(group="C1")
    section = lecture_section(replace(found, split=mixed), names_of(None, found.settings.data, hidden=True))
    assert section is not None
    assert section.known == section.tested > 0
