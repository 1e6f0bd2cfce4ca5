"""The history: which decisions about the champion there were, and how often a test set was opened for them."""

from dataclasses import dataclass

from smearflow.report.findings import Findings, HistoryLine
from smearflow.report.pseudonyms import Names

SHOWN = 10  # decisions, the last one first
DECISIONS = {
    "promoted": ("good", "promoted"),
    "kept": ("calm", "champion kept"),
    "refused": ("poor", "not good enough"),
    "rolled_back": ("poor", "rolled back"),
    "restored": ("calm", "restored"),
}


@dataclass(frozen=True)
class Decided:
    """A decision, the tone and word of it, and when, as people write it."""

    line: HistoryLine
    tone: str
    word: str
    when: str
    why: str


@dataclass(frozen=True)
class HistorySection:
    """The last decisions, of how many."""

    decisions: tuple[Decided, ...]
    total: int
    openings: int | None


def history_section(findings: Findings, names: Names) -> HistorySection | None:
    """None where no decision was ever made."""
    if not findings.history:
        return None
    last = findings.history[: -SHOWN - 1 : -1]
    return HistorySection(tuple(_decided(line, names) for line in last), len(findings.history), findings.openings)


def _decided(line: HistoryLine, names: Names) -> Decided:
    tone, word = DECISIONS.get(line.decision, ("calm", line.decision.replace("_", " ")))
    return Decided(line, tone, word, line.when[:16].replace("T", " "), names.text(line.why))
