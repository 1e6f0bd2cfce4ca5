"""One line of the data contract: what must hold, how far, how bad it is if not, why, and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning"]
Table = Literal["images", "classes"]  # a row an image (the manifest), or a row a class (its summary)

BUDGET = ("quality.max_quarantined",)  # gives how many rows may break a rule before a run stops


@dataclass(frozen=True)
class Rule:
    """An expectation as a row: readable without Great Expectations, and runnable by it.

    ``kind`` names a class in ``great_expectations.expectations``, or is ``module:Class`` of one's own; ``arguments``
    are its bounds, ``settings`` the keys of the configuration that they come from, none where the bound is fixed.
    ``quarantines``: an image that breaks it isn't trained on, whether or not few enough do for the rule to hold.
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
    settings: tuple[str, ...] = ()
    quarantines: bool = False

    @property
    def name(self) -> str:
        """What the manifest calls it: ``suite: sentence``."""
        return f"{self.suite}: {self.sentence}"

    @property
    def asks(self) -> str:
        """The bound in words, and what becomes of an image outside it."""
        return f"{self.bound}; each is left out" if self.quarantines else self.bound

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the expectation is told: one, a pair or a list."""
        told = (self.column, *(self.arguments.get(name) for name in ("column_A", "column_B")))
        return tuple(name for name in (*told, *self.arguments.get("column_list", ())) if name is not None)

    def columns_of(self, known: Iterable[str]) -> set[str]:
        """Those of the ``known`` columns that it names anywhere, in a condition or as a second column too."""
        arguments = str(self.arguments)
        return {name for name in known if name == self.column or name in arguments}

    @property
    def asks_for_labels(self) -> bool:
        """Whether an unlabelled folder has nothing to hold against it."""
        return self.table == "classes" or bool(self.columns_of(("label", "group")))


def mostly(budget: float) -> float:
    """The share of rows that must comply where ``budget`` (0-1) of them need not; rounded, so that 1 - 0.07 is 0.93."""
    return round(1 - budget, 9)


def percent(share: float) -> str:
    """``share`` (0-1) as people write it: 0.05 is ``5 %``, 0.1475 is ``14.8 %``."""
    return f"{round(100 * share, 1):g} %"
