"""Who may be a reader: names that a ledger and a spreadsheet take as names."""

import pytest

from smearflow.data.readers import named
from smearflow.errors import UsageError


def test_names_of_readers():
    assert named("  Dr. Žofia O'Neil ") == "Dr. Žofia O'Neil"
    for bad in ("", " ", "=1+1", "a\nb", "x" * 41, None, 7):
        with pytest.raises(UsageError, match="can't be the name of a reader"):
            named(bad)
