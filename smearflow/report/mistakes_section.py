"""The mistakes that the candidate is surest of, and where it looked: broken labels, or what it hasn't learnt.

Where heat maps were drawn, each cell stands beside its own, and beside cells that it was right about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from smearflow.data.sources import file_at
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, shrunk, thumbnail
from smearflow.report.pseudonyms import Names

SIDE = 96  # pixels of a cell
WIDE = 320  # of a cell and its heat map, side by side
KINDS = {"missed": "missed", "false_alarm": "false alarm", "hit": "found", "cleared": "cleared"}


@dataclass(frozen=True)
class Seen:
    """One cell. ``confidence``: how sure the model is of its answer, 0-1; ``warm``: its heat map is beside it;
    ``inside``: share of the heat that is on the cell, 0-1, None where there is no heat."""

    url: str | None
    name: str
    patient: str | None
    kind: str
    word: str
    label: str
    called: str
    confidence: float
    warm: bool
    inside: float | None


@dataclass(frozen=True)
class Heat:
    """Of the heat maps of one kind of answer: how many, and half of them have more of their heat on the cell."""

    word: str
    images: int
    inside: float


@dataclass(frozen=True)
class MistakesSection:
    """The surest ones, of how many in all; then mistakes and right answers that have a heat map."""

    mistakes: tuple[Seen, ...]
    missed: int
    false_alarms: int
    drawn: bool  # the demo's cells, whose labels are right
    others: tuple[Seen, ...]
    right: tuple[Seen, ...]
    heat: tuple[Heat, ...]
    resolutions: tuple[int, ...]


def mistakes_section(findings: Findings, names: Names) -> MistakesSection | None:
    """None where no model was evaluated."""
    scores, rows = findings.judged, findings.mistakes
    if scores is None or rows is None:
        return None
    heat = findings.examined.heat if findings.examined else None
    shown = heat[heat["picture"].notna()] if heat is not None else None
    warm = {str(row.path): row for row in shown.itertuples()} if shown is not None else {}
    known = set(rows["path"])
    others = [row for path, row in warm.items() if path not in known]
    return MistakesSection(
        mistakes=tuple(_seen(row, warm, findings, names) for row in rows.itertuples()),
        missed=scores.confusion["fn"],
        false_alarms=scores.confusion["fp"],
        drawn=findings.settings.data.source == "demo",
        others=tuple(_seen(r, warm, findings, names) for r in others if r.kind in ("missed", "false_alarm")),
        right=tuple(_seen(r, warm, findings, names) for r in others if r.kind in ("hit", "cleared")),
        heat=_heat(heat) if heat is not None else (),
        resolutions=tuple(sorted({int(n) for n in heat["resolution"].dropna()})) if heat is not None else (),
    )


def _heat(heat: pd.DataFrame) -> tuple[Heat, ...]:
    by_kind = {kind: heat.loc[heat["kind"] == kind, "share_inside"].dropna() for kind in KINDS}
    return tuple(Heat(KINDS[kind], len(mine), float(mine.median())) for kind, mine in by_kind.items() if len(mine))


def _seen(row: Any, warm: Mapping[str, Any], findings: Findings, names: Names) -> Seen:
    data, heat = findings.settings.data, warm.get(str(row.path))
    other = data.negative if row.label == data.positive else data.positive
    called = other if row.kind in ("missed", "false_alarm") else row.label
    return Seen(
        url=_beside_its_heat(heat, findings) if heat is not None else _alone(row, findings),
        name=names.image(row.path),
        patient=names.patient(row.group),
        kind=row.kind,
        word=KINDS[row.kind],
        label=row.label,
        called=called,
        confidence=float(row.probability if called == data.positive else 1 - row.probability),
        warm=heat is not None,
        inside=None if heat is None or pd.isna(heat.share_inside) else float(heat.share_inside),
    )


def _alone(row: Any, findings: Findings) -> str | None:
    file = file_at(findings.root, row.path) if findings.root else None
    picture = thumbnail(file, SIDE, findings.settings.quality.max_pixels) if file else None
    return data_url(picture) if picture else None


def _beside_its_heat(heat: Any, findings: Findings) -> str | None:
    if findings.examined is None:
        return None
    try:
        return data_url(shrunk(findings.examined.folder / heat.picture, WIDE))
    except OSError:
        return None
