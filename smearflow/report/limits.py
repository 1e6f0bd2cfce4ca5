"""Risk and limits of the candidate in plain lines, for the first screen: what a doctor must know before the figures."""

import math
from dataclasses import dataclass

from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.slices import worst
from smearflow.report.findings import Findings
from smearflow.report.labels_section import looked_again
from smearflow.report.pseudonyms import Names
from smearflow.report.slices_section import told
from smearflow.report.wording import NBSP, counted, interval, percent

RARE = 0.02  # where a share is surely below this, cells are counted of 1,000


@dataclass(frozen=True)
class Limit:
    """One line: what it is about, and a sentence or two."""

    term: str
    says: str


def limits(findings: Findings, names: Names) -> tuple[Limit, ...]:
    """The lines for the candidate; none where none was judged."""
    scores = findings.judged
    if scores is None:
        return ()
    lines = {
        "Risk": _risk(scores, findings),
        "Unsure": _unsure(findings),
        "Weakest": _weakest(findings, names),
        "Not tested": _untested(scores, findings),
        "Labels": _labels(findings),
        "Test set": _openings(findings),
    }
    return tuple(Limit(term, says) for term, says in lines.items() if says)


def _risk(scores: Scores, findings: Findings) -> str:
    """What the figures mean in cells: ``Of 100 infected cells it misses 4 (2 to 6); of 100 healthy ones ...``."""
    data = findings.settings.data
    missed, alarms = (_rest(scores.test[name]) for name in ("sensitivity", "specificity"))
    of = 1000 if min(missed.high, alarms.high) < RARE else 100
    parts = []
    if not math.isnan(missed.value):
        parts.append(f"of {of:,} {data.positive} cells it misses {_counted(missed, of)}")
    if not math.isnan(alarms.value):
        parts.append(f"of {of:,} {data.negative} ones it calls {_counted(alarms, of)} {data.positive}")
    known = "; ".join(parts)
    return f"{known[:1].upper()}{known[1:]}." if known else ""


def _rest(share: Interval) -> Interval:
    return Interval(1 - share.value, max(1 - share.high, 0.0), max(1 - share.low, 0.0))


def _counted(share: Interval, of: int) -> str:
    """``4 (2 to 6)``."""
    return f"{of * share.value:.0f} ({of * share.low:.0f} to {of * share.high:.0f})"


def _unsure(findings: Findings) -> str:
    found = findings.abstention
    if found is None:
        return ""
    if not found.unsure:
        return "No test cell lies in the band in which it says so."
    left = f"It leaves {interval('share', found.share)} of the cells to a person."
    wrong = f"Its guess is wrong on {percent(found.inside.value)} of these"
    return f"{left} {wrong}, and on {interval('error', found.outside)} of the others."


def _weakest(findings: Findings, names: Names) -> str:
    if not findings.slices:
        return ""
    if all(part.gap is None for part in findings.slices):
        return "Not known: each part of the test set is too small for a figure."
    named = worst(findings.slices)
    return told(named[0], names) if named else "No part of the test set lies below the whole."


def _untested(scores: Scores, findings: Findings) -> str:
    """On whom it wasn't tested, and on whom it was."""
    data, dataset = findings.settings.data, findings.summary.dataset
    if data.source == "demo":
        return "Anything real: these cells are drawn."
    left_out = dataset.quarantined + dataset.review if dataset else 0
    poor = f", images like the {left_out:,} that were left out" if left_out else ""
    others = f"Other stains, microscopes, clinics and patients than those of this data set, whole smears{poor}."
    tested = f"It was tested on {counted(scores.images, 'cell')}"
    if not findings.patients_known:
        return f"{others} {tested}."
    known = f", {scores.known_groups:,} of whom it was trained on" if scores.known_groups else ""
    return f"{others} {tested} of {counted(scores.groups, 'patient')}{known}."


def _labels(findings: Findings) -> str:
    """What the labels are worth, by which it was judged: who looked at them, and the ceiling that they put."""
    labels = findings.summary.labels
    looked = looked_again(labels) if labels else None
    if findings.settings.data.source == "demo" and looked is None:
        return "Right: whoever drew the cells knows."
    known = looked or "As given; nobody reviewed them."
    if labels is None or labels.wrong is None or labels.ceiling is None:
        return (
            f"{known} About 5{NBSP}% of the public NLM set's are held to be wrong (Fuhad et al., 2020), so figures by "
            f"these end near 95{NBSP}%."
        )
    wrong = f"About {interval('share', labels.wrong)} of those given are wrong"
    ceiling = f"judged by them nobody gets past {interval('share', labels.ceiling)}"
    if looked is None or labels.left is None:
        return f"{known} {wrong}: {ceiling}."
    return f"{known} {wrong}, and {interval('share', labels.left)} of those that count still are."


def _openings(findings: Findings) -> str:
    if not findings.openings:
        return ""
    if findings.openings == 1:
        return "Opened once: for this verdict."
    return (
        f"Opened {findings.openings:,} times for verdicts, this one included. Each time flatters the chosen a little."
    )
