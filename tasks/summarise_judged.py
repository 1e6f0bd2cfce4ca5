"""Summarise what was found out about the candidate: the gate's rules, the champion beside it, slices, abstention."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from smearflow.data.splitting import Parts
from smearflow.evaluation.abstention import Abstention
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.leak import leak_warning
from smearflow.evaluation.slices import Slice
from smearflow.evaluation.verdict import GateCheck
from smearflow.summary import (
    AbstentionResult,
    ComparisonResult,
    ExaminedResult,
    Figure,
    GateRule,
    SliceResult,
    TestFigures,
)
from tasks.evaluate import Evaluated
from tasks.examine import Examined
from tasks.gate import Gated
from tasks.leakage import Leaked
from tasks.register import Registered
from tasks.stage import Run

GAPS = ("accuracy", "sensitivity", "specificity", "gap", "sensitivity_gap")


def judged_parts(reached: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the summary that tell of the candidate, as far as a run came."""
    evaluated: Evaluated | None = reached.get("evaluate")
    gated: Gated | None = reached.get("gate")
    examined: Examined | None = reached.get("examine")
    registered: Registered | None = reached.get("register")
    unsure = evaluated.abstention if evaluated else None
    return {
        "gate": tuple(_rule(check) for check in gated.verdict.checks) if gated else (),
        "comparison": _comparison(gated) if gated else None,
        "slices": tuple(_slice(part) for part in evaluated.slices) if evaluated else (),
        "abstention": _abstention(unsure) if unsure else None,
        "examined": _examined(examined) if examined else None,
        "test_openings": registered.test_openings if registered else None,
    }


def suspicion(run: Run) -> str | None:
    """The warning of a leak, where cells are real, patients apart, and the figures too good for labels as given."""
    evaluated: Evaluated | None = run.reached.get("evaluate")
    data = run.settings.data
    if evaluated is None or "demo" in data.sources or run.settings.split.by != "group" or data.group == "image":
        return None
    parts: Parts = run.reached["split"]
    leaked: Leaked | None = run.reached.get("leakage")
    checked = [f"{parts.shared_groups:,} patients and {parts.shared_duplicates:,} copies of images are in two sets"]
    if evaluated.shortcut:
        area = evaluated.shortcut.scores.test["auc"].value
        checked.append(f"statistics that never see a picture reach an AUC of {area:.3f}")
    if leaked:
        checked.append(f"a random split would show an accuracy of {leaked.random.test['accuracy'].value:.3f}")
    return leak_warning(evaluated.judged, tuple(checked), evaluated.review)


def figure_of(interval: Interval) -> Figure:
    """NaN, where there was nothing to measure, becomes null."""
    return Figure(**{name: _known(value) for name, value in asdict(interval).items()})


def figures_on_test(figures: Mapping[str, Interval]) -> TestFigures:
    """A model's figures on the test set, by name, as the summary has them."""
    return TestFigures(**{name: figure_of(interval) for name, interval in figures.items()})


def rival_of(gated: Gated) -> str | None:
    """Who was champion before: ``compact, version 3``; None where nobody was."""
    return f"{gated.champion.model}, version {gated.champion.version}" if gated.champion else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _rule(check: GateCheck) -> GateRule:
    facts = asdict(check) | {name: _known(getattr(check, name)) for name in ("value", "low", "high")}
    return GateRule(**facts)


def _comparison(gated: Gated) -> ComparisonResult | None:
    found, rival = gated.comparison, rival_of(gated)
    if found is None or rival is None:
        return None
    return ComparisonResult(
        champion=rival,
        difference={name: figure_of(interval) for name, interval in found.difference.items()},
        only_candidate=found.only_candidate,
        only_champion=found.only_other,
        chance=found.chance,
        images=found.images,
        groups=found.groups,
    )


def _slice(part: Slice) -> SliceResult:
    figures = {name: getattr(part, name) for name in GAPS}
    return SliceResult(
        kind=part.kind,
        name="a patient" if part.group else part.name,
        images=part.images,
        positives=part.positives,
        groups=part.groups,
        surely_below=part.surely_below,
        **{name: figure_of(interval) if interval else None for name, interval in figures.items()},
    )


def _abstention(found: Abstention) -> AbstentionResult:
    shares = {name: figure_of(getattr(found, name)) for name in ("share", "outside", "inside", "everywhere")}
    return AbstentionResult(low=found.band[0], high=found.band[1], **shares)


def _examined(found: Examined) -> ExaminedResult:
    facts = {name: getattr(found, name) for name in ExaminedResult.model_fields}
    return ExaminedResult(**facts)
