"""The public result of a check: JSON that any reader takes."""

import json
from pathlib import Path

from smearflow.monitoring.result import as_line, read_result, worst
from tests.drawn_checks import RESULT


def test_what_has_no_bound_is_null_not_infinity():
    (line,) = json.loads(as_line(RESULT))["checks"]
    assert (line["low"], line["high"]) == (0.8, None)
    assert {"name", "value", "threshold", "verdict"} < set(line)


def test_it_is_read_back_as_it_was_written(tmp_path: Path):
    (tmp_path / "check.json").write_text(as_line(RESULT))
    assert read_result(tmp_path / "check.json") == RESULT


def test_the_worst_of_several_verdicts_counts():
    assert worst(["ok", "alarm", "warning"]) == "alarm"
    assert worst([]) == "ok"
