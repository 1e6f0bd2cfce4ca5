"""A figure's way through time as a picture the size of a word, in inline SVG (Tufte, Beautiful Evidence, 2006)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 240, 48
MARGIN = 5  # pixels that dots need
MOST = 60  # steps that can be told apart


@dataclass(frozen=True)
class Step:
    """One value and what was said of it."""

    value: float
    verdict: str


@dataclass(frozen=True)
class Spark:
    """A drawn line, with what stands beside it."""

    name: str
    meaning: str
    last: str
    usual: str
    verdict: str
    svg: Markup


def spark(
    name: str, meaning: str, digits: int, steps: Sequence[Step], band: tuple[float | None, float | None]
) -> Spark:
    """``steps``, the oldest first, one or more; ``band``: what is usual now, drawn behind them (None: no bound)."""
    steps = steps[-MOST:]
    bounds = [bound for bound in band if bound is not None]
    values = [step.value for step in steps] + bounds
    low, high = min(values), max(values)
    reach = (high - low) or 1.0

    def y(value: float) -> float:
        return MARGIN + (HEIGHT - 2 * MARGIN) * (high - value) / reach

    points = [(MARGIN + (WIDTH - 2 * MARGIN) * (n / max(len(steps) - 1, 1)), y(s.value)) for n, s in enumerate(steps)]
    usual = " to ".join(f"{bound:.{digits}f}" for bound in bounds) if len(bounds) == 2 else ""
    if len(bounds) == 1:
        usual = f"{bounds[0]:.{digits}f} or more"
    last = f"{steps[-1].value:.{digits}f}"
    told = f"{name}: {last} at last, over {len(steps)} checks" + (f"; usual is {usual}" if usual else "")
    drawn = _band(band, y) + _line(points) + _dots(points, steps)
    svg = Markup(
        f'<svg class="spark" role="img" viewBox="0 0 {WIDTH} {HEIGHT}"><title>{escape(told)}</title>{drawn}</svg>'
    )
    return Spark(name, meaning, last, usual, steps[-1].verdict, svg)


def _band(band: tuple[float | None, float | None], y: Callable[[float], float]) -> str:
    low, high = band
    if low is None and high is None:
        return ""
    top = 0.0 if high is None else y(high)
    bottom = float(HEIGHT) if low is None else y(low)
    return f'<rect class="usual" x="0" width="{WIDTH}" y="{top:.1f}" height="{max(bottom - top, 1):.1f}"/>'


def _line(points: Sequence[tuple[float, float]]) -> str:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="line s0" points="{told}"/>'


def _dots(points: Sequence[tuple[float, float]], steps: Sequence[Step]) -> str:
    """What was off, and the last: a square for an alarm, so that colour alone doesn't say it."""
    shapes = []
    for number, ((x, y), step) in enumerate(zip(points, steps, strict=True), start=1):
        if step.verdict == "alarm":
            shapes.append(f'<rect class="off alarm" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>')
        elif step.verdict == "warning" or number == len(steps):
            shapes.append(f'<circle class="off {step.verdict}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
    return "".join(shapes)
