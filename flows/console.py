"""What a person reads on the terminal: the run's own lines, without Prefect's. Its record of the run stays whole."""

import contextlib
import logging
import os
import sys

# How Prefect's own messages begin. Errors are told once, by the command, with their way out.
CHATTER = (
    "Created task run",
    "Created flow run",
    "Beginning flow run",
    "Executing flow run",
    "Finished in state",
    "View at",
    "Task run failed",
    "Encountered exception",
    "Received non-final state",
    "Process ",
    "Crash detected",
)

# Prefect reads its logging configuration item by item from the environment, before the file that it comes with.
ENVIRONMENT = {"PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": "flows.console.Plainly"}


class Plainly(logging.Handler):
    """Writes our messages alone, to what standard error is at that moment: a progress bar borrows it."""

    def __init__(self, **_: object) -> None:  # stream and styles of the handler that this one replaces
        super().__init__()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        ours = record.name.startswith("prefect") or record.levelno >= logging.WARNING
        if ours and not message.startswith(CHATTER):
            # Not print: inside a task, Prefect turns that into a log record, which would come back here.
            with contextlib.suppress(BrokenPipeError):  # who read along has left; the run goes on
                sys.stderr.write(message + "\n")
                sys.stderr.flush()


def hush_libraries() -> None:
    """From now on what C++ writes to standard error goes nowhere: TensorFlow tells at length that there is no GPU.

    Python's own standard error stays.
    """
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
