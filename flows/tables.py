"""Tables on the terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """``rows``, all of one length, with their columns below each other; the last one may be as long as it likes."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    columns = ([*(text.ljust(w) for text, w in zip(row, widths, strict=False)), row[-1]] for row in rows)
    return ["  ".join(each).rstrip() for each in columns]
