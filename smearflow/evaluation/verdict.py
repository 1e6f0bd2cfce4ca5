"""What the gate weighs and what it says: the champion as it is, each rule with its figure, the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.truths import Review

State = Literal["pass", "fail", "open"]


@dataclass(frozen=True)
class Evidence:
    """What is known of a candidate beside its scores. What wasn't looked at is None or empty, and isn't judged.

    ``lead``: its AUC less that of statistics alone, on the same images; ``gaps``: accuracy and sensitivity of each
    slice of the test set less those of the whole (-1 to 1), by figure and slice; ``size_mb``: MiB of its file;
    ``latency_ms``: of an image on this machine's CPU; ``parity``: by how much the reloaded model differs from the
    measured one, a probability; ``review``: what people said of the labels that it was held against.
    """

    lead: Interval | None = None
    gaps: Mapping[str, Interval] = field(default_factory=dict)
    size_mb: float | None = None
    latency_ms: float | None = None
    parity: float | None = None
    review: Review | None = None


@dataclass(frozen=True)
class Incumbent:
    """The champion as it is: registered ``version`` of ``model``.

    ``comparison``: the candidate with it, on the same test images; None where the candidate has its weights.
    """

    model: str
    version: str
    weights_digest: str
    comparison: Comparison | None = None


@dataclass(frozen=True)
class GateCheck:
    """One rule: a figure against what it must reach, and whether it does.

    ``bound``: the least that ``value`` must be, or the most where ``ceiling``; ``unit``: share (0-1), auc, points
    (differences of shares, -1 to 1), probability, MiB or ms. NaN where it couldn't be measured, which never passes.
    ``state``: open where the interval leaves it undecided, and that matters; ``says``: the line of the verdict.
    """

    name: str
    bound: float
    value: float
    low: float
    high: float
    state: State
    says: str
    unit: Literal["share", "auc", "points", "probability", "MiB", "ms"] = "share"
    ceiling: bool = False


@dataclass(frozen=True)
class Verdict:
    """What becomes of the candidate, why, and what comes next, in sentences for a doctor and an engineer.

    ``candidate``: name of the model that is best on validation; None where no model was trained. ``provisional``: it
    is promoted without a champion to compare it with. ``more_patients``: how many more test patients would about decide
    a comparison that there is too little evidence for; None where it is decided, or no number would.
    """

    outcome: Literal["promote", "keep", "none"]
    candidate: str | None
    provisional: bool
    why: str
    next: str
    checks: tuple[GateCheck, ...]
    undecided: bool = False
    more_patients: int | None = None
