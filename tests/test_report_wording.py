"""Figures as people read them."""

import math

import pytest

from smearflow.evaluation.intervals import Interval
from smearflow.report.wording import (
    count,
    counted,
    interval,
    metric,
    percent,
    pixels,
    points,
    points_spread,
    seconds,
    spread,
    value,
)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_shares_are_per_cent_and_the_auc_is_a_number() -> None:
    assert plain(value("sensitivity", 0.9512)) == "95.1 %"
    assert value("auc", 0.9874) == "0.987"
    assert spread("sensitivity", Interval(0.95, 0.93, 0.968)) == "93.0 to 96.8"
    assert spread("auc", Interval(0.98, 0.97, 0.99)) == "0.970 to 0.990"
    assert plain(interval("sensitivity", Interval(0.95, 0.93, 0.968))) == "95.0 % (93.0 to 96.8)"
    assert interval("mcc", Interval(0.9, 0.85, 0.95)) == "0.900 (0.850 to 0.950)"


def test_differences_are_points_with_a_sign() -> None:
    assert [points(number) for number in (0.012, -0.004, -0.0001)] == ["+1.2", "−0.4", "+0.0"]
    assert points_spread(Interval(0.012, -0.004, 0.03)) == "−0.4 to +3.0"


def test_what_could_not_be_measured_says_so() -> None:
    nothing = Interval(math.nan, math.nan, math.nan)
    assert value("auc", math.nan) == percent(math.nan) == "not measured"
    assert spread("auc", nothing) == points_spread(nothing) == ""
    assert interval("auc", nothing) == points(None) == "not measured"
    assert value("sensitivity", None) == "not measured"
    assert count(None) == seconds(None) == pixels(None) == "–"


@pytest.mark.parametrize(("number", "text"), [(0.344, "0.34 s"), (12.34, "12.3 s"), (125.2, "2 min 5 s")])
def test_seconds_are_as_fine_as_they_matter(number: float, text: str) -> None:
    assert plain(seconds(number)) == text


def test_counts_have_their_thing() -> None:
    assert [plain(counted(n, "patient")) for n in (1, 31)] == ["1 patient", "31 patients"]
    assert count(27_558) == "27,558"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("auc", "AUC"),
        ("sensitivity", "Sensitivity"),
        ("ece", "Calibration error"),
        ("pr_auc", "PR AUC"),
        ("worst slice", "Worst slice"),
        ("balanced_accuracy against champion", "Balanced accuracy against the champion"),
    ],
)
def test_names_are_words(name: str, words: str) -> None:
    assert metric(name) == words
