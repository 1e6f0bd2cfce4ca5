"""Risk and limits on the first screen, in plain lines."""

from dataclasses import replace
from math import nan

import pytest
from drawn_findings import finished
from drawn_verdicts import judged_thoroughly

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.slices import Slice
from smearflow.report.findings import Findings
from smearflow.report.limits import limits
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Of real cells, as far as the settings know."""
    folder = tmp_path_factory.mktemp("cells")
    found = judged_thoroughly(finished(folder / "cells"), folder / "heat")
    data = found.settings.data.model_copy(update={"source": "/data/cells"})
    return replace(found, settings=found.settings.model_copy(update={"data": data}))


def lines(findings: Findings) -> dict[str, str]:
    names = names_of(findings.manifest, findings.settings.data, hidden=True)
    return {limit.term: limit.says.replace("\xa0", " ") for limit in limits(findings, names)}


def with_figures(findings: Findings, **figures: Interval) -> Findings:
    return replace(findings, scores=tuple(replace(s, test={**s.test, **figures}) for s in findings.scores))


def test_what_a_missed_infection_means_is_counted_in_cells(findings: Findings) -> None:
    figures = {"sensitivity": Interval(0.96, 0.94, 0.98), "specificity": Interval(0.95, 0.92, 0.97)}
    assert lines(with_figures(findings, **figures))["Risk"] == (
        "Of 100 Parasitized cells it misses 4 (2 to 6); of 100 Uninfected ones it calls 5 (3 to 8) Parasitized."
    )
    rare = figures | {"specificity": Interval(0.99, 0.985, 0.995)}
    assert lines(with_figures(findings, **rare))["Risk"] == (
        "Of 1,000 Parasitized cells it misses 40 (20 to 60); "
        "of 1,000 Uninfected ones it calls 10 (5 to 15) Parasitized."
    )


def test_what_was_not_measured_is_no_risk(findings: Findings) -> None:
    unknown = Interval(nan, nan, nan)
    known = Interval(1.0, 0.63, 1.0)
    told = lines(with_figures(findings, sensitivity=unknown, specificity=known))["Risk"]
    assert told == "Of 100 Uninfected ones it calls 0 (0 to 37) Parasitized."
    assert "Risk" not in lines(with_figures(findings, sensitivity=unknown, specificity=unknown))


def test_each_limit_has_its_line(findings: Findings) -> None:
    told = lines(findings)
    assert list(told) == ["Risk", "Unsure", "Weakest", "Not tested", "Labels", "Test set"]
    assert (
        told["Unsure"].startswith("It leaves ")
        and " of the cells to a person. Its guess is wrong on " in told["Unsure"]
    )
    assert told["Weakest"].startswith("Cells of patient ")
    assert "whole smears, images like the 3 that were left out. It was tested on 16 cells" in told["Not tested"]
    assert "About 5 %" in told["Labels"]
    assert told["Test set"].startswith("Opened 4 times for verdicts, this one included.")


def test_a_random_split_tells_how_many_patients_it_knew(findings: Findings) -> None:
    known = replace(findings, scores=tuple(replace(s, known_groups=2) for s in findings.scores))
    assert lines(known)["Not tested"].endswith("16 cells of 2 patients, 2 of whom it was trained on.")


def test_drawn_cells_are_known_for_what_they_are(findings: Findings) -> None:
    data = findings.settings.data.model_copy(update={"source": "demo"})
    told = lines(replace(findings, settings=findings.settings.model_copy(update={"data": data})))
    assert told["Not tested"] == "Anything real: these cells are drawn."
    assert told["Labels"] == "Right: whoever drew the cells knows."


def test_what_is_not_known_is_left_out(findings: Findings) -> None:
    told = lines(replace(findings, slices=(), abstention=None, openings=None))
    assert list(told) == ["Risk", "Not tested", "Labels"]
    assert lines(replace(findings, candidate=None)) == {}


def test_parts_that_are_all_too_small_are_no_praise(findings: Findings) -> None:
    small = tuple(Slice(p.kind, p.name, p.group, 7, 3, 1) for p in findings.slices)
    assert lines(replace(findings, slices=small))["Weakest"].startswith("Not known: each part")
    assert "Here each part is too small for a figure." in render(replace(findings, slices=small))


def test_a_suspicion_of_a_leak_stands_before_everything_else(findings: Findings) -> None:
    summary = findings.summary.model_copy(update={"leak": "compact is right on 98.5 %, too good to be true"})
    page = render(replace(findings, summary=summary))
    assert page.index("too good to be true") < page.index("<nav")
