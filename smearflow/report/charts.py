"""Charts as inline SVG: written by hand, so that a page's colours, light and dark, are theirs, and a chart is 2-6 KB.

Colours are classes (``s0`` to ``s7``) that report.css fills in; text is in the page's own font and colour. Each has a
title and a description for those who don't see it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from smearflow.report.wording import Measured

Point = tuple[float, float]

WIDTH = 420
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 10, 44  # margins around the plot
COLOURS = 8  # that report.css knows
LOW, SQUARE = 226, WIDTH - LEFT - RIGHT  # heights of a plot
POINTS = 300  # of a curve: more can't be seen
REACH = 120  # width of an interval in a table


@dataclass(frozen=True)
class Axis:
    """One axis: what it shows, from where to where, and the decimals of its ticks. ``length``: pixels, if upright."""

    label: str
    low: float
    high: float
    digits: int = 0
    length: int = LOW

    def share(self, value: float) -> float:
        """Where ``value`` lies on it, 0-1."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values along it: steps of 1, 2 or 5 times a power of ten, none too fine for ``digits``."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = max(next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999), 10.0**-self.digits)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


@dataclass(frozen=True)
class Series:
    """One line or set of bars. ``colour``: 0 and up; ``style``: plain, dashed or strong."""

    name: str
    points: Sequence[Point]
    colour: int
    style: str = "plain"

    @property
    def classes(self) -> str:
        """Its classes in report.css."""
        return f"s{self.colour % COLOURS} {self.style}"


@dataclass(frozen=True)
class Chart:
    """A drawn chart, and what its legend has to say."""

    title: str
    svg: Markup
    legend: tuple[Series, ...]


def lines(title: str, description: str, x: Axis, y: Axis, series: Sequence[Series], extra: str = "") -> Chart:
    """A line a series. ``extra``: more SVG, drawn on top."""
    drawn = "".join(_line(x, y, s) for s in series)
    return Chart(title, _svg(title, description, y, _frame(x, y) + drawn + extra), tuple(series))


def histogram(title: str, description: str, label: str, samples: Sequence[tuple[str, Sequence[float]]]) -> Chart:
    """How often values occur, a set of bars a sample (name, values), in bins that all share."""
    x, width = _bins([v for _, values in samples for v in values], label)
    heights = [_counted(values, x, width) for _, values in samples]
    y = Axis("images", 0, max(1, *(h for sample in heights for h in sample)) * 1.05)
    bins = [x.low + n * width for n in range(len(heights[0]))]
    series = [Series(samples[n][0], list(zip(bins, h, strict=True)), n, "bars") for n, h in enumerate(heights)]
    slim = width / len(series)  # side by side in each bin: laid over each other they mix to a third colour
    drawn = "".join(_bars(x, y, s, n * slim, slim) for n, s in enumerate(series))
    return Chart(title, _svg(title, description, y, _frame(x, y) + drawn), tuple(series))


def mark(x: Axis, y: Axis, point: Point, classes: str) -> str:
    """A ring at ``point``."""
    return f'<circle class="mark {classes}" cx="{_x(x, point[0]):.1f}" cy="{_y(y, point[1]):.1f}" r="6"/>'


def diagonal(x: Axis, y: Axis) -> str:
    """The line from corner to corner."""
    ends = (_x(x, x.low), _y(y, y.low), _x(x, x.high), _y(y, y.high))
    return '<line class="chance" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'.format(*ends)


def reach(figure: Measured, whole: float, least: float) -> Markup:
    """A share's interval on a line from ``least`` to 1, its dot, and a stroke where the ``whole`` is, for a table."""
    value, low, high = (
        None if at is None or math.isnan(at) else REACH * (max(at, least) - least) / (1 - least)
        for at in (figure.value, figure.low, figure.high)
    )
    if value is None or low is None or high is None or math.isnan(whole):
        return Markup("")
    across = REACH * (max(whole, least) - least) / (1 - least)
    return Markup(
        f'<svg class="reach" viewBox="-4 0 {REACH + 8} 14" aria-hidden="true">'
        f'<line class="whole" x1="{across:.1f}" x2="{across:.1f}" y1="0" y2="14"/>'
        f'<line class="span" x1="{low:.1f}" x2="{max(high, low + 1):.1f}" y1="7" y2="7"/>'
        f'<circle class="at" cx="{value:.1f}" cy="7" r="3.5"/></svg>'
    )


def _svg(title: str, description: str, y: Axis, inside: str) -> Markup:
    head = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    height = TOP + y.length + BOTTOM
    return Markup(f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}">{head}{inside}</svg>')


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return TOP + axis.length - axis.share(value) * axis.length


def _frame(x: Axis, y: Axis) -> str:
    """Grid, ticks and names of the axes."""
    floor, middle = TOP + y.length, LEFT + (WIDTH - LEFT - RIGHT) / 2
    across = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(y, t):.1f}" y2="{_y(y, t):.1f}"/>'
        f'<text class="tick end" x="{LEFT - 7}" y="{_y(y, t) + 4:.1f}">{t:,.{y.digits}f}</text>'
        for t in y.ticks()
    )
    along = "".join(
        f'<text class="tick middle" x="{_x(x, t):.1f}" y="{floor + 17}">{t:,.{x.digits}f}</text>' for t in x.ticks(6)
    )
    base = f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
    names = (
        f'<text class="name middle" x="{middle:.1f}" y="{floor + BOTTOM - 6}">{escape(x.label)}</text>'
        f'<text class="name middle" transform="translate(12 {TOP + y.length / 2:.1f}) rotate(-90)">'
        f"{escape(y.label)}</text>"
    )
    return across + along + base + names


def _line(x: Axis, y: Axis, series: Series) -> str:
    known = [p for p in series.points if not any(math.isnan(v) for v in p)]
    points = [f"{_x(x, a):.1f},{_y(y, b):.1f}" for a, b in thinned(known)]
    drawn = f'<polyline class="line {series.classes}" points="{" ".join(points)}"/>'
    if len(points) != 1:
        return drawn
    along, down = points[0].split(",")
    return f'<circle class="dot {series.classes}" cx="{along}" cy="{down}" r="3"/>'


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Up to POINTS of ``points``, evenly chosen, both ends among them."""
    if len(points) <= POINTS:
        return points
    step = (len(points) - 1) / (POINTS - 1)
    return [points[round(n * step)] for n in range(POINTS)]


def _bins(values: Sequence[float], label: str) -> tuple[Axis, float]:
    """An axis over ``values`` and the width of its bins: about 24 of them, a round width apart."""
    low, high = min(values), max(values)
    rough = max((high - low) / 24, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    width = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    least, most = math.floor(low / width) - 1, math.floor(high / width) + 2
    return Axis(label, least * width, most * width), width


def _counted(values: Iterable[float], x: Axis, width: float) -> list[int]:
    counts = [0] * round((x.high - x.low) / width)
    for value in values:
        counts[int((value - x.low) / width)] += 1
    return counts


def _bars(x: Axis, y: Axis, series: Series, offset: float, width: float) -> str:
    """Bars of ``width``, ``offset`` from the beginning of their bins, both in units of ``x``."""
    floor, wide = _y(y, 0), _x(x, x.low + width) - _x(x, x.low)
    return "".join(
        f'<rect class="bar {series.classes}" x="{_x(x, at + offset):.1f}" y="{_y(y, height):.1f}"'
        f' width="{max(wide - 0.5, 1):.1f}" height="{floor - _y(y, height):.1f}"/>'
        for at, height in series.points
        if height
    )
