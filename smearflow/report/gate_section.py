"""The gate: each rule with its figure and whether it holds, and the candidate beside the champion."""

from collections.abc import Mapping
from dataclasses import dataclass

from smearflow.evaluation.comparison import COMPARED, Comparison
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.verdict import GateCheck, State
from smearflow.report.findings import Examination, Findings
from smearflow.report.models_section import LESS_IS_BETTER
from smearflow.report.pseudonyms import Names

STATES: Mapping[State, tuple[str, str]] = {
    "pass": ("good", "passed"),
    "fail": ("bad", "failed"),
    "open": ("poor", "not enough evidence"),
}


@dataclass(frozen=True)
class Rule:
    """One rule: its name, its line, and the tone and word of whether it holds."""

    name: str
    says: str
    tone: str
    word: str


@dataclass(frozen=True)
class GateSection:
    """Rules in their order; candidate minus champion by figure; ``surprise``: McNemar's probability in words."""

    rules: tuple[Rule, ...]
    broken: int
    open: int
    rival: str | None
    comparison: Comparison | None
    differences: tuple[tuple[str, Interval], ...]
    surprise: str
    examined: Examination | None
    less_is_better: tuple[str, ...] = LESS_IS_BETTER


def gate_section(findings: Findings, names: Names) -> GateSection | None:
    """None where nothing was judged."""
    if not findings.gate:
        return None
    comparison = findings.comparison
    return GateSection(
        rules=tuple(_rule(check, names) for check in findings.gate),
        broken=sum(check.state == "fail" for check in findings.gate),
        open=sum(check.state == "open" for check in findings.gate),
        rival=findings.rival,
        comparison=comparison,
        differences=tuple((n, comparison.difference[n]) for n in COMPARED if n in comparison.difference)
        if comparison
        else (),
        surprise=_surprise(comparison.chance) if comparison else "",
        examined=findings.examined,
    )


def _rule(check: GateCheck, names: Names) -> Rule:
    told = names.text(check.says)
    return Rule(check.name, f"{told[:1].upper()}{told[1:]}.", *STATES[check.state])


def _surprise(chance: float) -> str:
    """``p = 0.82``, ``p < 0.001``."""
    return f"p = {chance:.2g}" if chance >= 0.001 else "p < 0.001"
