"""What the gate weighs and what it says: the champion as it is, each figure against its floor, the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from smearflow.evaluation.intervals import Interval


@dataclass(frozen=True)
class Incumbent:
    """The champion as it is: registered ``version`` of ``model``.

    ``difference``: candidate minus champion on the same test images (``scoring.compare``); empty where the candidate
    has the champion's weights.
    """

    model: str
    version: str
    weights_digest: str
    difference: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class GateCheck:
    """One figure against what it must reach.

    A figure of the candidate alone (0-1), or ``... against champion``: a difference (-1 to 1), whose floor is what is
    tolerated. NaN where it couldn't be measured, which never passes.
    """

    name: str
    floor: float
    value: float
    low: float
    high: float
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """What becomes of the candidate, why, and what comes next, in sentences for a doctor and an engineer.

    ``candidate``: name of the model that is best on validation; None where no model was trained. ``provisional``: it
    is promoted without a champion to compare it with.
    """

    outcome: Literal["promote", "keep", "none"]
    candidate: str | None
    provisional: bool
    why: str
    next: str
    checks: tuple[GateCheck, ...]
