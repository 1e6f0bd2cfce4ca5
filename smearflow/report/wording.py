"""Figures as people read them: shares in per cent, the AUC as a number, each with its interval."""

import math
from typing import Protocol

import pandas as pd

MINUS = "\N{MINUS SIGN}"
NBSP = "\u00a0"  # a figure and its unit stay on one line
NOT_MEASURED = "not measured"

BARE = ("auc", "pr_auc", "mcc", "brier", "ece")  # figures that aren't shares of cells
NAMES = {
    "auc": "AUC",
    "pr_auc": "PR AUC",
    "mcc": "MCC",
    "f1": "F1",
    "brier": "Brier score",
    "ece": "calibration error",
    "patient_accuracy": "accuracy a patient",
}


class Measured(Protocol):
    """A figure with its interval, NaN or None where it couldn't be measured."""

    @property
    def value(self) -> float | None: ...

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


def count(number: float | None) -> str:
    """``27,558``."""
    return "–" if number is None else f"{number:,.0f}"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 patient``, ``31 patients``."""
    return f"{number:,}{NBSP}{one if number == 1 else many or one + 's'}"


def one_line(text: object) -> str:
    """A text, or null, as it fits into a cell of a markdown table."""
    return "" if text is None or text is pd.NA or text != text else " ".join(str(text).replace("|", "/").split())


def percent(share: float) -> str:
    """0.9512 as ``95.1 %``."""
    return NOT_MEASURED if math.isnan(share) else f"{100 * share:.1f}{NBSP}%"


def value(name: str, number: float | None) -> str:
    """One figure alone: ``95.1 %``, ``0.987`` for the AUC and others that are no shares of cells (BARE)."""
    if number is None or math.isnan(number):
        return NOT_MEASURED
    return _bare(name, number) if name in BARE else percent(number)


def spread(name: str, figure: Measured) -> str:
    """The interval alone: ``93.0 to 96.8``; empty where there is none."""
    low, high = figure.low, figure.high
    if low is None or high is None or math.isnan(low + high):
        return ""
    return f"{_bare(name, low)} to {_bare(name, high)}"


def interval(name: str, figure: Measured) -> str:
    """Both in a sentence: ``95.1 % (93.0 to 96.8)``."""
    between = spread(name, figure)
    return f"{value(name, figure.value)}{f' ({between})' if between else ''}"


def points(number: float | None) -> str:
    """A difference of shares, -1 to 1, in points: ``+1.2``."""
    if number is None or math.isnan(number):
        return NOT_MEASURED
    return f"{round(100 * number, 1) + 0.0:+.1f}".replace("-", MINUS)  # never minus nothing


def points_spread(figure: Measured) -> str:
    """The interval of a difference: ``−0.4 to +3.0``; empty where there is none."""
    if figure.low is None or figure.high is None or math.isnan(figure.low + figure.high):
        return ""
    return f"{points(figure.low)} to {points(figure.high)}"


def metric(name: str) -> str:
    """A figure's name in the reader's words: ``Balanced accuracy``, ``AUC against the champion``."""
    figure, against, whom = name.partition(" against ")
    words = NAMES.get(figure, figure.replace("_", " ")) + (f" against the {whom}" if against else "")
    return words[:1].upper() + words[1:]


def seconds(number: float | None) -> str:
    """``0.34 s``, ``12.3 s``, ``2 min 5 s``."""
    if number is None:
        return "–"
    if number >= 60:
        minutes, rest = divmod(round(number), 60)
        return f"{minutes}{NBSP}min{NBSP}{rest}{NBSP}s"
    return f"{number:.{1 if number >= 1 else 2}f}{NBSP}s"


def pixels(size: float | None) -> str:
    """``96 px``."""
    return "–" if size is None else f"{size:g}{NBSP}px"


def _bare(name: str, number: float) -> str:
    """A figure without its unit."""
    return f"{number:.3f}" if name in BARE else f"{100 * number:.1f}"
