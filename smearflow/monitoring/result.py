"""check.json and a row of the history: the public result of a quality check. What isn't known is null."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

SCHEMA_VERSION = 1
RANK = ("ok", "warning", "alarm")

VerdictWord = Literal["ok", "warning", "alarm"]


class Part(BaseModel):
    """A part of the result."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @field_validator("*", mode="before")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        """JSON has no infinity: what has no bound is null."""
        return None if isinstance(value, float) and not math.isfinite(value) else value


class CheckLine(Part):
    """One measure against the reference, in its own unit (smearflow/monitoring/measures.py).

    ``threshold``: the bound that was crossed, or else the nearest one; ``low`` and ``high`` are those of a warning.
    """

    name: str
    value: float | None
    threshold: float | None
    verdict: VerdictWord
    reference: float | None
    low: float | None
    high: float | None
    alarm_low: float | None
    alarm_high: float | None
    probability: float


class Figure(Part):
    """A share, 0-1, of labelled cells, its 95 % interval by patients, and what the champion had on its test set."""

    value: float | None
    low: float | None
    high: float | None
    champion: float | None


class ChampionLine(Part):
    """Who was judged."""

    registry_name: str
    version: int
    model: str


class CheckResult(Part):
    """The whole of check.json. ``cells``: those that were scored; ``strangers``: of these, without a patient's name.

    ``scheduled``: taken from the drop folder. ``figures``: accuracy, sensitivity and specificity; empty without labels.
    ``contract``: expectations that don't hold, critical ones first.
    """

    schema_version: int = SCHEMA_VERSION
    verdict: VerdictWord
    why: str
    next: str
    when: str
    batch: str
    scheduled: bool
    champion: ChampionLine
    cells: int
    patients: int
    strangers: int
    labelled: int
    left_out: int
    reference_patients: int
    checks: tuple[CheckLine, ...]
    figures: Mapping[str, Figure]
    contract: tuple[str, ...]


def read_result(path: Path) -> CheckResult:
    """The result at ``path``."""
    return CheckResult.model_validate_json(path.read_text(encoding="utf-8"))


def as_line(result: CheckResult) -> str:
    """The result on one line, for the history."""
    return json.dumps(result.model_dump(mode="json"), separators=(",", ":"))


def worst(verdicts: list[VerdictWord]) -> VerdictWord:
    """The worst of them; ok where there is none."""
    return max(verdicts, key=RANK.index, default="ok")
