"""The labels' section: what looking again came to, both truths, what labels are worth, the worst of them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from drawn_findings import CLASSES, finished
from drawn_labels import reviewed, said_of, scored_labels

from smearflow.report.findings import Findings
from smearflow.report.labels_section import LabelsSection, labels_section, looked_again
from smearflow.report.limits import limits
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of
from smearflow.summary import Figure, LabelsResult, SinceBefore, TruthsOfModel, TruthsResult

NOBODY = LabelsResult(
    reviewed=0, kept=0, relabelled=0, labelled=0, excluded=0, unsure=0, disputed=0,
    absent=0, decisions=0, readers=0, last=0, head="0" * 64,
    wrong=Figure(value=0.05, low=0.04, high=0.07), by="scores", ceiling=Figure(value=0.95, low=0.93, high=0.96),
    wrong_by_class=dict(zip(CLASSES, (0.08, 0.02), strict=True)), left=Figure(value=0.05, low=0.04, high=0.07),
    suspects_in_test=3, excluded_from_test=0, scored_by=("MobileNetV2", "compact"),
)  # fmt: skip
LOOKED = {"reviewed": 200, "kept": 111, "relabelled": 83, "excluded": 4, "unsure": 2, "decisions": 201, "readers": 2}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """A run whose labels models have judged and nobody has looked at."""
    found = finished(tmp_path_factory.mktemp("labels") / "cells")
    assert found.manifest is not None
    data = found.settings.data.model_copy(update={"source": "/data/cells"})
    said = said_of(found.manifest, {})
    return replace(
        found,
        summary=found.summary.model_copy(update={"labels": NOBODY}),
        settings=found.settings.model_copy(update={"data": data}),
        manifest=reviewed(found.manifest, said),
        label_scores=scored_labels(found.manifest),
        opinions=said,
    )


def looked_at(findings: Findings, **changes: object) -> Findings:
    """The same where people looked at labels, of the test set too."""
    test = findings.summary.models[0].test
    assert test is not None and findings.manifest is not None
    given = test.model_copy(update={"accuracy": Figure(value=0.876, low=0.8, high=0.9)})
    truths = TruthsResult(
        images=14, reviewed=9, changed=2, models=(TruthsOfModel(name="compact", given=given, reviewed=test),)
    )
    labels = NOBODY.model_copy(update={**LOOKED, **changes})
    said = said_of(findings.manifest, {0: CLASSES[1], 1: CLASSES[0], 2: CLASSES[0]})
    return replace(
        findings,
        summary=findings.summary.model_copy(update={"labels": labels, "truths": truths}),
        manifest=reviewed(findings.manifest.assign(label=findings.manifest["label_given"]), said),
        opinions=said,
    )


def gathered(findings: Findings) -> LabelsSection:
    section = labels_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


def first_screen(findings: Findings) -> str:
    names = names_of(findings.manifest, findings.settings.data, hidden=True)
    return next(limit.says for limit in limits(findings, names) if limit.term == "Labels").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"reviewed": 200, "relabelled": 83}, "Of 200 cells that were looked at again, 83 had the wrong label."),
        ({"reviewed": 1}, "Of 1 cell that was looked at again, 0 had the wrong label."),
        (
            {"reviewed": 30, "relabelled": 9, "excluded": 2, "labelled": 10},
            "Of 20 cells that were looked at again, 9 had the wrong label; 2 showed no cell that is fit for use.",
        ),
    ],
)
def test_a_doctor_reads_what_looking_again_came_to(counts: dict[str, int], told: str) -> None:
    said = looked_again(NOBODY.model_copy(update=counts))
    assert said is not None and said.replace("\xa0", " ") == told


def test_before_anybody_has_looked_it_says_so_and_what_looking_would_bring(findings: Findings) -> None:
    section = gathered(findings)
    assert section.sentence is None and section.truths is None
    assert section.curve is not None and section.curve.legend[0].name == "as the scores promise"
    page = render(findings)
    assert "Nobody has looked at the labels." in page and "smearflow review" in page
    assert "suspects in the test set nobody looked at" in page and "Both truths" not in page
    told = (
        "As given; nobody reviewed them. About 5.0 % (4.0 to 7.0) of those given are wrong: judged by them nobody gets"
    )
    assert first_screen(findings) == f"{told} past 95.0 % (93.0 to 96.0)."


def test_the_worst_labels_of_each_class_are_shown_without_names(findings: Findings) -> None:
    section = gathered(looked_at(findings))
    assert [one.name for one in section.classes] == list(CLASSES)
    worst = section.classes[0].suspects
    assert [cell.wrong for cell in worst] == sorted((cell.wrong for cell in worst), reverse=True)
    assert all(cell.url and cell.url.startswith("data:image/jpeg") for cell in worst)
    assert "kept" in {cell.seen for one in section.classes for cell in one.suspects}
    page = render(looked_at(findings))
    assert "ThinF" not in page and "C104" not in page


def test_both_truths_stand_side_by_side(findings: Findings) -> None:
    page = render(looked_at(findings))
    assert "Both truths" in page and "87.6\xa0%" in page
    assert "83 had the wrong label" in page
    assert "83 had the wrong label; 4" in first_screen(looked_at(findings))
    assert "of those that count still are" in first_screen(looked_at(findings))


def test_what_is_new_since_the_run_before_is_said(findings: Findings) -> None:
    since = SinceBefore(run_id="20261101-090000", decisions=12, relabelled=5, excluded=0)
    page = render(looked_at(findings, since=since)).replace("\xa0", " ")
    assert "12 decisions came: +5 labels changed, +0 cells excluded" in page
    nothing = since.model_copy(update={"decisions": 0, "relabelled": 0})
    assert "Nothing new since the run before" in render(looked_at(findings, since=nothing))


def test_classes_whose_labels_differ_are_said_so(findings: Findings) -> None:
    assert gathered(findings).apart and "The classes differ" in render(findings)
    alike = NOBODY.model_copy(update={"wrong_by_class": dict.fromkeys(CLASSES, 0.05)})
    summary = findings.summary.model_copy(update={"labels": alike})
    assert not gathered(replace(findings, summary=summary)).apart


def test_without_scores_what_people_said_is_shown_all_the_same(findings: Findings) -> None:
    bare = {"wrong": None, "by": None, "ceiling": None, "left": None, "suspects_in_test": None, "scored_by": ()}
    found = replace(looked_at(findings, **bare), label_scores=None)
    section = gathered(found)
    assert section.curve is None and section.classes == () and section.sentence is not None
    assert "83 had the wrong label" in render(found)


def test_a_run_that_knows_nothing_of_labels_has_no_such_section(tmp_path: Path) -> None:
    found = finished(tmp_path / "cells")
    assert labels_section(found, names_of(None, found.settings.data, hidden=True)) is None
    assert "What the labels are worth" not in render(found) and "labels" not in missing(render(found))


def missing(page: str) -> str:
    return page.partition("Not on this page: ")[2].partition(".")[0]


def test_a_cell_that_lost_its_file_keeps_its_place(findings: Findings, tmp_path: Path) -> None:
    found = gathered(replace(findings, root=tmp_path))
    assert all(cell.url is None for cell in found.classes[0].suspects)
    assert pd.notna(found.classes[0].suspects[0].wrong)
