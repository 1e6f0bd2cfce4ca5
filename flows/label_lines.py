"""What `smearflow labels` prints: who decided what about labels, and what of it applies to the data."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flows.tables import aligned
from smearflow.data.decisions import Decision
from smearflow.data.label_tally import KINDS, Tally, kind_of
from smearflow.registry.history import shown
from smearflow.report.wording import one_line

SHOWN = 10  # decisions that are listed, the last ones


def as_plain(tally: Tally) -> dict[str, Any]:
    """``tally`` as JSON has it."""
    last = [{"number": each.number, **asdict(each.decision)} for each in tally.last(SHOWN)]
    applied = asdict(tally.applied) if tally.applied else None
    readers = [asdict(each) for each in tally.readers]
    counts = {"lines": len(tally.entries), "decisions": sum(each.decisions for each in tally.readers)}
    return {**counts, "readers": readers, "queues": tally.queues, "applied": applied, "last": last}


def list_lines(tally: Tally) -> list[str]:
    """``tally`` as tables, times in UTC."""
    if not tally.entries:
        return ["Nobody has decided anything about labels yet: smearflow review"]
    heading = ("reader", "decisions", *KINDS, "since", "last")
    rows = [
        (each.name, f"{each.decisions:,}", *_counts(each.kinds), shown(each.since), shown(each.last))
        for each in tally.readers
    ]
    lines = aligned([heading, *rows])
    lines += ["", *aligned([("queue", *KINDS), *((name, *_counts(kinds)) for name, kinds in tally.queues.items())])]
    lines += ["", *_applied_lines(tally), "", *_last_lines(tally)]
    return lines


def _applied_lines(tally: Tally) -> list[str]:
    applied = tally.applied
    if applied is None:
        return ["No run has seen cells yet that these are about."]
    looked_at = sum(applied.labels.values())
    kinds = ", ".join(f"{count:,} {source}" for source, count in applied.labels.items())
    lines = [f"{looked_at:,} of {applied.cells:,} cells of run {applied.run_id} were looked at: {kinds or 'none'}"]
    if applied.absent:
        lines.append(f"about cells that aren't among them, kept until they are: {applied.absent:,}")
    if applied.ambiguous:
        lines.append(f"by a name that several of them have, not applied: {applied.ambiguous:,}")
    if applied.labels.get("disputed"):
        lines.append("Where readers disagree the label stays as it was given, until a third has looked.")
    return lines


def _last_lines(tally: Tally) -> list[str]:
    heading = ("when", "reader", "queue", "file", "given", "decided", "why")
    rows = [
        (
            shown(d.time),
            d.reader,
            d.queue,
            one_line(d.file) or str(d.sha256)[:12],
            d.given or "-",
            _said(d),
            d.reason,
        )
        for d in (entry.decision for entry in tally.last(SHOWN))
    ]
    return aligned([heading, *rows])


def _said(decision: Decision) -> str:
    kind = kind_of(decision)
    return decision.decided if decision.decided == kind else f"{decision.decided} ({kind})"


def _counts(kinds: Mapping[str, int]) -> list[str]:
    return [f"{kinds.get(kind, 0):,}" for kind in KINDS]
