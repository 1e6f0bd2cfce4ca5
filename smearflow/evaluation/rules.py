"""The rules of the gate, each by itself: a figure, what it must reach, and a line that says whether it does."""

import math
from collections.abc import Mapping

from smearflow.evaluation import verdict_words as words
from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.verdict import Evidence, GateCheck, State
from smearflow.settings import Gate

FLOORS = ("sensitivity", "specificity", "accuracy", "auc")  # a missed infection is the worst: it comes first
RIVALRY = ("auc", "balanced_accuracy")  # what a challenger must not be worse in
UNKNOWN = Interval(math.nan, math.nan, math.nan)


def rules_of_its_own(scores: Scores, evidence: Evidence, gate: Gate) -> tuple[GateCheck, ...]:
    """What any candidate must hold to, whoever is champion. A rule whose figure wasn't looked at isn't among them."""
    checks = [floor(name, scores.test.get(name, UNKNOWN), getattr(gate, name)) for name in FLOORS]
    if gate.shortcut is not None and evidence.lead is not None:
        checks.append(beats_statistics(evidence.lead, gate.shortcut))
    if evidence.gaps:
        checks.append(no_slice_far_below(evidence.gaps, gate.slice))
    if "ece" in scores.test:
        checks.append(calibrated_enough(scores.test["ece"], gate.calibration))
    if gate.size_mb is not None and evidence.size_mb is not None:
        checks.append(_budget("size", evidence.size_mb, gate.size_mb, "MiB"))
    if gate.latency_ms is not None and evidence.latency_ms is not None:
        checks.append(_budget("latency", evidence.latency_ms, gate.latency_ms, "ms"))
    if evidence.parity is not None:
        checks.append(repeats_itself(evidence.parity, gate.parity))
    return tuple(checks)


def floor(name: str, figure: Interval, least: float) -> GateCheck:
    """Missed where the whole interval lies below the floor, so that few patients don't decide."""
    state: State = "pass" if figure.high >= least else "fail"
    unit = "auc" if name == "auc" else "share"
    says = words.floor_line(name, figure, least, state)
    return GateCheck(name, least, figure.value, figure.low, figure.high, state, says, unit)  # type: ignore[arg-type]


def beats_statistics(lead: Interval, least: float) -> GateCheck:
    """Statistics that never see a picture must surely be beaten: else the model may answer for their reason."""
    state: State = "pass" if lead.low > least else "fail"
    says = words.shortcut_line(lead, least, state)
    return GateCheck("lead over statistics", least, lead.value, lead.low, lead.high, state, says, "points")


def no_slice_far_below(gaps: Mapping[str, Interval], tolerated: float) -> GateCheck:
    """Missed where a slice's whole interval lies further below the whole test set than is tolerated."""
    below = {name: gap for name, gap in gaps.items() if gap.value < 0} or gaps
    name, worst = min(below.items(), key=lambda gap: (gap[1].high, gap[1].value))
    state: State = "fail" if worst.high < -tolerated else "pass"
    says = words.slice_line(name, worst, tolerated, state)
    return GateCheck("worst slice", -tolerated, worst.value, worst.low, worst.high, state, says, "points")


def calibrated_enough(error: Interval, most: float) -> GateCheck:
    """Missed where the whole interval of the calibration error lies above the ceiling."""
    state: State = "pass" if error.low <= most else "fail"
    says = words.calibration_line(error, most, state)
    return GateCheck(
        "calibration error", most, error.value, error.low, error.high, state, says, "probability", ceiling=True
    )


def repeats_itself(parity: float, most: float) -> GateCheck:
    """The model that was saved and loaded again must be the one that was measured."""
    state: State = "pass" if parity <= most else "fail"
    says = words.parity_line(parity, most, state)
    return GateCheck("parity", most, parity, parity, parity, state, says, "probability", ceiling=True)


def _budget(name: str, value: float, most: float, unit: str) -> GateCheck:
    state: State = "pass" if value <= most else "fail"
    says = words.budget_line(name, value, most, unit, state)
    return GateCheck(name, most, value, value, value, state, says, unit, ceiling=True)  # type: ignore[arg-type]


def rivalry(comparison: Comparison, tolerance: float) -> tuple[GateCheck, ...]:
    """Not inferior to the champion: the whole interval of the difference lies above ``-tolerance`` (non-inferiority).

    Failed where it lies wholly below 0: a certain loss is a loss. Else it is open: there are too few patients to tell.
    """
    return tuple(_not_inferior(name, comparison.difference.get(name, UNKNOWN), tolerance) for name in RIVALRY)


def _not_inferior(name: str, difference: Interval, tolerance: float) -> GateCheck:
    if math.isnan(difference.value) or difference.high < 0:
        state: State = "fail"
    else:
        state = "pass" if difference.low >= -tolerance else "open"
    says = words.rivalry_line(name, difference)
    return GateCheck(
        f"{name} against champion", -tolerance, difference.value, difference.low, difference.high, state, says, "points"
    )


def more_patients(comparison: Comparison, tolerance: float) -> int | None:
    """How many more test patients would about decide what is open, if the differences stayed as they are.

    An interval shrinks with the root of the number of patients. None where nothing is open, or where a difference lies
    so near to the bound that no number in reach (100 times as many) would tell.
    """
    needed = [_factor(comparison.difference[name], tolerance) for name in RIVALRY if name in comparison.difference]
    worst = max(needed, default=1.0)
    return None if not 1 < worst <= 100 else math.ceil(comparison.groups * (worst - 1))


def _factor(difference: Interval, tolerance: float) -> float:
    """By how much the patients must grow until the interval has left one bound or the other; 1 where it has."""
    if difference.low >= -tolerance or difference.high < 0 or math.isnan(difference.value):
        return 1.0
    to_pass = _grown(difference.value - difference.low, difference.value + tolerance)
    to_fail = _grown(difference.high - difference.value, -difference.value)
    return min(to_pass, to_fail)


def _grown(reach: float, room: float) -> float:
    """The factor at which half an interval of ``reach`` fits into ``room``."""
    return (reach / room) ** 2 if room > 0 else math.inf
