"""One line of the data contract: what must hold, how far, how bad it is if not, why, and the way out."""

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning"]
Table = Literal["images", "classes"]  # a row an image (the manifest), or a row a class (its summary)


@dataclass(frozen=True)
class Rule:
    """An expectation as a row: readable without Great Expectations, and runnable by it.

    ``kind`` is the name of a class in ``great_expectations.expectations``; ``arguments`` are its bounds.
    """

    suite: str
    sentence: str
    bound: str
    severity: Severity
    why: str
    fix: str
    kind: str
    column: str | None = None
    table: Table = "images"
    arguments: dict[str, Any] = field(default_factory=dict)


def mostly(budget: float) -> float:
    """The share of rows that must comply where ``budget`` (0-1) of them need not; rounded, so that 1 - 0.07 is 0.93."""
    return round(1 - budget, 9)


def percent(share: float) -> str:
    """``share`` (0-1) as people write it: 0.05 is ``5 %``, 0.1475 is ``14.8 %``."""
    return f"{round(100 * share, 1):g} %"
