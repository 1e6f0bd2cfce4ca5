"""The verdict: what came out, why, what to do next, and the one figure that a doctor asks for first."""

from dataclasses import dataclass

from smearflow.report.findings import CheckLine, Findings
from smearflow.report.headlines import Headline, headline_of
from smearflow.report.lecture_section import shortened
from smearflow.report.limits import Limit, limits
from smearflow.report.pseudonyms import Names
from smearflow.report.wording import NBSP, counted, spread, value
from smearflow.summary import ChampionResult


@dataclass(frozen=True)
class Hero:
    """The candidate's sensitivity, and on whom."""

    name: str
    value: str
    spread: str
    counted: str
    tested_on: str


@dataclass(frozen=True)
class VerdictSection:
    """What the page opens with. ``broken``: the critical expectations that ended the run; ``warnings``: the others
    that don't hold; ``untrained``: models that failed; ``suspects``: models that do hardly
    better than statistics alone; ``shortened``: that the lecture's epochs were scaled; ``too_good``: that there may be
    a leak."""

    headline: Headline
    why: str
    next: str
    hero: Hero | None
    champion: ChampionResult | None
    stage: str | None
    broken: tuple[CheckLine, ...]
    untrained: tuple[str, ...]
    warnings: tuple[str, ...]
    suspects: tuple[str, ...]
    shortened: str | None
    limits: tuple[Limit, ...]
    too_good: str | None


def verdict_section(findings: Findings, names: Names) -> VerdictSection:
    """The verdict of any run, however far it came."""
    summary = findings.summary
    broken = tuple(c for c in findings.checks if not c.passed and c.severity == "critical")
    return VerdictSection(
        headline=headline_of(summary),
        why=_told(_opening(summary.verdict.why) if broken else summary.verdict.why, names),
        next=_told(summary.verdict.next, names),
        hero=_hero(findings),
        champion=summary.champion,
        stage=next((s.name for s in summary.stages if s.state == "failed"), None),
        broken=broken,
        untrained=tuple(m.name for m in summary.models if m.status == "failed"),
        warnings=tuple(c.expectation for c in findings.checks if not c.passed and c.severity == "warning"),
        suspects=findings.shortcut.suspects if findings.shortcut else (),
        shortened=shortened(findings),
        limits=limits(findings, names),
        too_good=summary.leak,
    )


def _opening(error: str) -> str:
    """The first line of an error that goes on with what the page shows anyway."""
    return error.partition("\n")[0].removesuffix(":").removesuffix(".") + "."


def _told(sentences: str, names: Names) -> str:
    return names.text(sentences).replace(" %", f"{NBSP}%")


def _hero(findings: Findings) -> Hero | None:
    scores, positive = findings.judged, findings.settings.data.positive
    if scores is None:
        return None
    found, missed = scores.confusion["tp"], scores.confusion["fn"]
    patients = f" of {counted(scores.groups, 'patient')}" if findings.patients_known else ""
    return Hero(
        name=scores.name,
        value=value("sensitivity", scores.test["sensitivity"].value),
        spread=spread("sensitivity", scores.test["sensitivity"]),
        counted=f"found {found:,} of {found + missed:,} {positive} cells",
        tested_on=f"{counted(scores.images, 'unseen image')}{patients}",
    )
