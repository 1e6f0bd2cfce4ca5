"""The mistakes that the candidate is surest of, as pictures: broken labels, or what it hasn't understood."""

from dataclasses import dataclass
from typing import Any

from smearflow.data.sources import file_at
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, thumbnail
from smearflow.report.pseudonyms import Names

SIDE = 96  # pixels of a cell


@dataclass(frozen=True)
class Mistake:
    """One wrong answer. ``confidence``: how sure the model is of it, 0-1."""

    url: str | None
    name: str
    patient: str | None
    kind: str
    label: str
    called: str
    confidence: float


@dataclass(frozen=True)
class MistakesSection:
    """The surest ones, of how many in all."""

    mistakes: tuple[Mistake, ...]
    missed: int
    false_alarms: int
    drawn: bool  # the demo's cells, whose labels are right


def mistakes_section(findings: Findings, names: Names) -> MistakesSection | None:
    """None where no model was evaluated."""
    scores, rows = findings.judged, findings.mistakes
    if scores is None or rows is None:
        return None
    return MistakesSection(
        mistakes=tuple(_mistake(row, findings, names) for row in rows.itertuples()),
        missed=scores.confusion["fn"],
        false_alarms=scores.confusion["fp"],
        drawn=findings.settings.data.source == "demo",
    )


def _mistake(row: Any, findings: Findings, names: Names) -> Mistake:
    data = findings.settings.data
    file = file_at(findings.root, row.path) if findings.root else None
    picture = thumbnail(file, SIDE, findings.settings.quality.max_pixels) if file else None
    return Mistake(
        url=data_url(picture) if picture else None,
        name=names.image(row.path),
        patient=names.patient(row.group),
        kind=row.kind,
        label=row.label,
        called=data.negative if row.label == data.positive else data.positive,
        confidence=float(row.confidence),
    )
