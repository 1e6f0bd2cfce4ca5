"""What stands on the terminal: our lines, not Prefect's."""

import importlib
import logging

import pytest

from flows.console import ENVIRONMENT, Plainly


def written(capsys, name, level, message):
    Plainly(stream="ignored", styles={}).handle(logging.LogRecord(name, level, "", 0, message, (), None))
    return capsys.readouterr().err


def test_our_lines_stand_alone(capsys):
    assert written(capsys, "prefect.task_runs", logging.INFO, "scan: 90 images") == "scan: 90 images\n"


@pytest.mark.parametrize(
    ("name", "level", "message"),
    [
        ("prefect.flow_runs", logging.INFO, "Beginning flow run 'a' for flow 'b'"),
        ("prefect.task_runs", logging.INFO, "Finished in state Completed()"),
        ("prefect.flow_runs", logging.ERROR, "Encountered exception during execution: ..."),
        ("great_expectations", logging.INFO, "Created temporary directory"),
    ],
)
def test_chatter_is_left_out(capsys, name, level, message):
    assert written(capsys, name, level, message) == ""


def test_a_librarys_warning_is_not(capsys):
    assert written(capsys, "httpx", logging.WARNING, "slow") == "slow\n"


def test_prefect_is_told_a_class_that_exists():
    module, _, name = ENVIRONMENT["PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is Plainly


def test_a_reader_who_has_left_ends_no_run(monkeypatch):
    class Closed:
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Closed())
    Plainly().handle(logging.LogRecord("prefect.task_runs", logging.INFO, "", 0, "scan: 90 images", (), None))
