"""Charts: well-formed SVG, with words for those who don't see it, in the page's colours."""

import math
from xml.etree import ElementTree

import pytest

from smearflow.evaluation.intervals import Interval
from smearflow.report.charts import Axis, Chart, Series, histogram, lines, reach, thinned

SVG = ElementTree.Element


def parsed(chart: Chart) -> SVG:
    return ElementTree.fromstring(str(chart.svg))


def curve(*values: float) -> Series:
    return Series("loss <training>", list(enumerate(values, start=1)), 0)


def test_a_chart_has_a_title_and_a_description_and_no_colour_of_its_own() -> None:
    chart = lines("Loss & more", "From 0.9 to 0.1.", Axis("epoch", 1, 3), Axis("loss", 0, 1), [curve(0.9, 0.4, 0.1)])
    svg = parsed(chart)
    assert svg.attrib["role"] == "img"
    assert [svg[0].text, svg[1].text] == ["Loss & more", "From 0.9 to 0.1."]
    assert "#" not in chart.svg and "fill=" not in chart.svg


def test_points_lie_where_their_values_are() -> None:
    svg = parsed(lines("t", "d", Axis("x", 0, 1), Axis("y", 0, 1), [Series("s", [(0, 0), (1, 1)], 0)]))
    assert svg.find("polyline").attrib["points"] == "48.0,236.0 406.0,10.0"


def test_epochs_without_a_value_are_left_out_and_one_alone_is_a_dot() -> None:
    svg = parsed(lines("t", "d", Axis("x", 1, 3), Axis("y", 0, 1), [curve(math.nan, 0.5, math.nan)]))
    assert svg.find("polyline") is None
    assert len(svg.findall("circle")) == 1


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("share", 0, 1, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis("share", 0.9, 1, 2), [0.9, 0.92, 0.94, 0.96, 0.98, 1]),
        (Axis("pixels", 46, 394), [100, 200, 300]),
        (Axis("epoch", 1, 3), [1, 2, 3]),
    ],
)
def test_ticks_are_round_and_as_fine_as_they_are_written(axis: Axis, ticks: list[float]) -> None:
    assert axis.ticks() == pytest.approx(ticks)


def test_a_histogram_counts_every_value_of_every_class() -> None:
    samples = [("Parasitized", [46, 120, 121, 394]), ("Uninfected", [130.0])]
    chart = histogram("Width", "d", "pixels", samples)
    assert [sum(height for _, height in series.points) for series in chart.legend] == [4, 1]
    assert [series.name for series in chart.legend] == ["Parasitized", "Uninfected"]


def test_images_of_one_size_make_one_bar() -> None:
    svg = parsed(histogram("Width", "d", "pixels", [("a", [128] * 50)]))
    assert len(svg.findall("rect")) == 1


def test_an_interval_in_a_table_is_a_line_a_dot_and_the_whole() -> None:
    svg = ElementTree.fromstring(str(reach(Interval(0.9, 0.85, 0.95), 0.8, 0.5)))
    whole, span = svg.findall("line")
    assert (whole.attrib["x1"], span.attrib["x1"], span.attrib["x2"]) == ("72.0", "84.0", "108.0")
    assert svg.find("circle").attrib["cx"] == "96.0"
    assert reach(Interval(math.nan, math.nan, math.nan), 0.8, 0.5) == ""


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    points = [(n / 9_999, n / 9_999) for n in range(10_000)]
    kept = thinned(points)
    assert len(kept) == 300
    assert (kept[0], kept[-1]) == (points[0], points[-1])
