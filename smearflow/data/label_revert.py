"""Taking decisions back: a reader's, from some moment on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from smearflow.data.decisions import WITHDRAWN, Decision, Entry, now
from smearflow.data.overlay import standing_words
from smearflow.errors import UsageError


def moment(text: str) -> datetime:
    """A day or a time in ISO 8601, UTC unless it says otherwise. Raises UsageError for anything else."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day or time.", "Write 2026-11-29 or 2026-11-29T14:30 (UTC).") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def withdrawals(entries: Sequence[Entry], reader: str, since: datetime | None) -> list[Decision]:
    """What takes back all that ``reader`` decided since then, the last first; what was said before counts again.

    Raises UsageError where no decision is of that reader.
    """
    known = sorted({entry.decision.reader for entry in entries})
    if reader not in known:
        raise UsageError(f"No decision is by {reader!r}.", f"Readers: {', '.join(known) or 'none yet'}.")
    mine = [entry for words in standing_words(entries) for entry in words if entry.decision.reader == reader]
    late = [entry.decision for entry in mine if since is None or moment(entry.decision.time) >= since]
    return [replace(decision, decided=WITHDRAWN, time=now(), reason="reverted") for decision in reversed(late)]
