"""Every quality check, a line each, and the page that shows them."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from jinja2 import FileSystemLoader
from pydantic import ValidationError

from smearflow.monitoring.measures import MEASURES
from smearflow.monitoring.result import CheckResult, as_line
from smearflow.monitoring.sparklines import Spark, Step, spark
from smearflow.report.page import HERE as REPORT
from smearflow.report.page import environment
from smearflow.report.pseudonyms import Names
from smearflow.settings import Data
from smearflow.workspace import Workspace, write_text

ROWS = 200  # checks that the page shows
FEW = "Too few patients to tell"
FIGURES = ("accuracy", "sensitivity", "specificity")


def history_of(workspace: Workspace) -> Path:
    """The file of all checks, a line of JSON each."""
    return workspace.checks / "history.jsonl"


def append(history: Path, result: CheckResult) -> None:
    """Add ``result`` at the end, written through to the disk. Checks that end at once wait for each other.

    A line that a power cut left half is ended first, so that it costs itself alone.
    """
    history.parent.mkdir(parents=True, exist_ok=True)
    with history.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
        torn = size and file.read(1) != b"\n"
        file.write(b"\n" * bool(torn) + as_line(result).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(history: Path) -> tuple[CheckResult, ...]:
    """Every check, the oldest first; a line that is no result is passed by."""
    if not history.exists():
        return ()
    return tuple(found for line in history.read_text("utf-8").splitlines() if (found := _result(line)))


def is_judged(history: Path, batch: str) -> bool:
    """Whether a check of ``batch`` was written down."""
    return any(result.batch == batch for result in read(history))


def write_page(workspace: Workspace) -> Path:
    """Write index.html beside the history: no script, nothing to load."""
    page = workspace.checks / "index.html"
    write_text(page, render(read(history_of(workspace))))
    return page


def render(results: tuple[CheckResult, ...]) -> str:
    """The page over ``results``, the oldest first."""
    jinja = environment(Names(hidden=False, data=Data()))
    jinja.loader = FileSystemLoader([Path(__file__).parent, REPORT])
    shown = results[-ROWS:]
    return jinja.get_template("history.html").render(
        results=shown[::-1],
        total=len(results),
        last=shown[-1] if shown else None,
        head=headline(shown[-1]) if shown else None,
        sparks=[*figure_sparks(shown), *measure_sparks(shown)],
    )


@dataclass(frozen=True)
class Headline:
    """The verdict in a few words; ``tone``: its colour and sign, good, calm, poor or bad."""

    words: str
    tone: str


def headline(result: CheckResult) -> Headline:
    """What ``result`` comes to: its verdict, and what that rests on."""
    off = any(line.verdict != "ok" for line in result.checks)
    if result.verdict == "alarm":
        return Headline("New cells aren't what the champion knows" if off else "The batch is broken", "bad")
    if result.verdict == "warning":
        return Headline("New cells look a little different" if off else "Nobody can tell whose cells these are", "poor")
    return Headline("New cells look as they should", "good") if result.checks else Headline(FEW, "calm")


def measure_sparks(results: tuple[CheckResult, ...]) -> list[Spark]:
    """How each measure went, in the order in which they are defined."""
    made = []
    for measure in MEASURES:
        lines = [line for result in results for line in result.checks if line.name == measure.name]
        steps = [Step(line.value, line.verdict) for line in lines if line.value is not None]
        if steps:
            band = (lines[-1].low, lines[-1].high)
            made.append(spark(measure.name.replace("_", " "), measure.meaning, measure.digits, steps, band))
    return made


def figure_sparks(results: tuple[CheckResult, ...]) -> list[Spark]:
    """How right the champion was where there were labels."""
    made = []
    for name in FIGURES:
        values = [result.figures[name].value for result in results if name in result.figures]
        steps = [Step(value, "ok") for value in values if value is not None]
        if steps:
            made.append(spark(name, "over all labelled cells, 0-1", 3, steps, (None, None)))
    return made


def _result(line: str) -> CheckResult | None:
    try:
        return CheckResult.model_validate_json(line)
    except ValidationError:
        return None
