"""The names of those who decide about labels."""

import re

from smearflow.errors import UsageError

READER = re.compile(r"[^\W_][\w .@+'-]{0,39}")  # no line break, and nothing that a spreadsheet takes for a formula


def named(reader: object) -> str:
    """The name of a reader, without spaces around it. Raises UsageError where it is none."""
    name = reader.strip() if isinstance(reader, str) else ""
    if not READER.fullmatch(name):
        raise UsageError(
            f"{reader!r} can't be the name of a reader.",
            "Take 1 to 40 letters, digits, spaces or any of . _ @ + ' -, with a letter or digit first.",
        )
    return name
