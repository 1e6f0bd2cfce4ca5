"""The models section: every model with its scores, the candidate marked, curves drawn."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_findings import finished, learning

from smearflow.report.findings import Findings
from smearflow.report.models_section import SHOWN, ModelsSection, models_section, share_of
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of
from smearflow.summary import ComparedCut


def gathered(findings: Findings) -> ModelsSection:
    section = models_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    return section


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    return finished(tmp_path)


def test_every_model_is_there_and_one_is_the_candidate(findings: Findings) -> None:
    rows = gathered(findings).rows
    assert [row.model.name for row in rows] == ["compact", "MobileNetV2", "VGG19"]
    assert [row.model.name for row in rows if row.candidate] == [findings.candidate]
    assert rows[2].scores is None
    assert rows[2].error


def test_the_candidates_curve_is_the_heavy_one_with_the_ring(findings: Findings) -> None:
    roc = gathered(findings).roc
    assert roc is not None
    assert [s.name for s in roc.legend if s.style == "strong"] == [findings.candidate]
    assert roc.svg.count('class="mark') == 1
    assert "compact: AUC" in roc.svg


def test_a_curve_that_was_not_kept_is_not_drawn(findings: Findings) -> None:
    epochs = [{**e, "accuracy": math.nan} for e in learning(3)]
    ((_, (loss, shares)),) = gathered(replace(findings, curves={"compact": epochs})).curves
    assert [s.name for s in loss.legend] == ["loss, training", "loss, validation"]
    assert [s.name for s in shares.legend] == ["accuracy, validation", "AUC, validation"]


def test_where_training_may_stop_early_a_ring_marks_the_epoch_that_was_kept(findings: Findings) -> None:
    train = findings.settings.train.model_copy(update={"patience": 2})
    stopping = replace(findings, settings=findings.settings.model_copy(update={"train": train}))
    epochs = [{**e, "val_loss": loss} for e, loss in zip(learning(3), (0.5, 0.4, 0.6), strict=True)]
    for found, rings in ((findings, 0), (stopping, 1)):
        ((_, (loss, _)),) = gathered(replace(found, curves={"compact": epochs})).curves
        assert loss.svg.count('class="mark s1"') == rings
        assert ("The ring: epoch 2, whose weights were kept." in loss.svg) == bool(rings)


def test_one_epoch_can_be_drawn(findings: Findings) -> None:
    ((_, (loss, _)),) = gathered(replace(findings, curves={"compact": learning(1)})).curves
    assert loss.svg.count("<circle") == 2


def test_a_run_without_models_has_no_section(findings: Findings) -> None:
    summary = findings.summary.model_copy(update={"models": ()})
    assert (
        models_section(replace(findings, summary=summary), names_of(None, findings.settings.data, hidden=True)) is None
    )


def test_further_figures_are_those_of_all_models_the_candidate_first(findings: Findings) -> None:
    further = gathered(findings).further
    assert [scores.name for scores in further.models] == ["compact", "MobileNetV2", "statistics alone"]
    assert {"patient_accuracy", "mcc", "ece", "brier"} <= set(further.figures)
    page = render(findings)
    assert "Further figures" in page and ">Calibration error <small>less is better</small>" in page


def test_a_share_of_nothing_is_no_figure() -> None:
    assert share_of(3, 1).replace("\xa0", " ") == "75.0 %"
    assert share_of(0, 0) == "none there"


def compared(accuracy: float, chosen: bool = False) -> ComparedCut:
    facts = {"cut": "block_3_expand_relu+block_6_expand_relu", "input_size": 96, "error": 0.003, "rate": 1200.4}
    return ComparedCut(**facts, accuracy=accuracy, params=65_920, mib=0.25, chosen=chosen)


def test_the_best_cuts_are_shown_and_the_one_that_was_taken(findings: Findings) -> None:
    cuts = tuple(compared(0.9 + n / 1000, chosen=n == 2) for n in range(40))
    first, second, *rest = findings.summary.models
    summary = findings.summary.model_copy(update={"models": (first, second.model_copy(update={"cuts": cuts}), *rest)})
    found = replace(findings, summary=summary)
    ((name, shown),) = gathered(found).cuts
    assert (name, len(shown)) == ("MobileNetV2", SHOWN + 1)
    assert shown[0].accuracy == pytest.approx(0.939) and shown[-1].chosen
    page = render(found)
    assert "Where MobileNetV2 was cut, and why" in page
    assert "block_3_expand_relu + block_6_expand_relu" in page and "0.9020" in page
