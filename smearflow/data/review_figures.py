"""What a review has shown so far: how many labels are wrong, what looking on will bring, whether readers agree."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pandas as pd

from smearflow.data.decisions import EXCLUDE, UNSURE
from smearflow.data.review_queue import WORST, Order, Views, agreed, sample_of, upcoming

NEXT = 100  # cells that are looked ahead
RECENT = 200  # worst cells by which the scores are put right: those near the next ones
PRIOR = 5.0  # wrong labels that the scores' own word counts as
BREAK = timedelta(minutes=2)  # longer than this between two decisions, and the reader was elsewhere
LEAST = 100  # cells to look at before anybody is told that it is enough
FEW = 20  # random cells, below which their share says nothing yet
HARDLY = 1.25  # times what random cells would bring: hardly more
Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Share:
    """A share of ``cells``, ``wrong`` of them, with its 95 % interval, 0-1."""

    wrong: int
    cells: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.wrong / self.cells if self.cells else float("nan")


@dataclass(frozen=True)
class ReviewFigures:
    """A review so far, of ``cells`` in all.

    ``decided``, ``today``: cells, by anybody; ``wrong``: given another label; ``excluded``, ``unsure``, ``disputed``:
    cells without a clear one; ``queue``: what was found among the worst; ``sample``: among random cells, which is an
    estimate for all; ``expected``: wrong labels in the next 100; ``random``: in 100 random cells; ``hourly``: cells
    an hour of this reader; ``kappa`` (-1 to 1) over ``twice`` cells that two looked at. None: not known yet.
    """

    cells: int
    decided: int
    today: int
    wrong: int
    excluded: int
    unsure: int
    disputed: int
    queue: Share
    sample: Share
    expected: float | None
    random: float | None
    hourly: float | None
    kappa: float | None
    twice: int

    @property
    def enough(self) -> bool:
        """Whether looking on pays hardly more than looking at random."""
        if self.expected is None or self.random is None:
            return self.decided >= self.cells
        return self.queue.cells >= LEAST and self.expected <= HARDLY * self.random


def figures_of(cells: pd.DataFrame, order: Order, views: Views, reader: str) -> ReviewFigures:
    """The figures of a review of ``cells`` (review_queue.CELLS), by what was said of them."""
    given = dict(zip(cells["sha256"].tolist(), cells["given"].tolist(), strict=True))
    words = {sha256: agreed(told) for sha256, told in views.items()}
    worst = [sha256 for sha256, told in views.items() if any(view.queue == WORST for view in told.values())]
    queue, sample = (_share(among, words, given) for among in (worst, sample_of(order, views)))
    suspicion = dict(zip(cells["sha256"].tolist(), cells["wrong"].tolist(), strict=True))
    scored = bool(cells["wrong"].notna().any())
    mean = float(cells["wrong"].mean()) if scored else None
    return ReviewFigures(
        len(cells),
        len(views),
        sum(any(_is_today(view.time) for view in told.values()) for told in views.values()),
        sum(_is_wrong(sha256, words, given) for sha256 in words),
        sum(word == EXCLUDE for word in words.values()),
        sum(word == UNSURE for word in words.values()),
        sum(word is None for word in words.values()),
        queue,
        sample,
        _expected(order, views, worst, words, given, suspicion) if scored else None,
        NEXT * (sample.value if sample.cells >= LEAST else mean) if mean is not None else None,
        _hourly([told[reader].time for told in views.values() if reader in told]),
        *_kappa(views),
    )


def sentences(figures: ReviewFigures) -> list[str]:
    """The same, as one tells it to a doctor. The first is about what was done, the last about whether to go on."""
    if not figures.decided:
        return ["Nobody has looked yet."]
    told = [f"Of {_cells(figures.decided)} looked at again, {figures.wrong:,} had the wrong label."]
    if figures.random is None:
        told = [_labelled(figures.decided)]
    if figures.sample.cells >= FEW:
        share = figures.sample
        told.append(
            f"Of all {figures.cells:,}, about {share.value:.1%} have a wrong label "
            f"({share.low:.1%} to {share.high:.1%}; {share.wrong:,} of {share.cells:,} taken at random)."
        )
    if figures.kappa is not None:
        told.append(f"Two readers of the same {_cells(figures.twice)} agree with kappa {figures.kappa:.2f}.")
    return [*told, *_outlook(figures)]


def wilson(wrong: int, cells: int) -> Share:
    """A share with Wilson's 95 % interval (J. Am. Stat. Assoc. 22, 1927); 0 to 1 where there are no cells.

    Cells are drawn one by one from the very set that the share is of: patients are no clusters of that sample.
    """
    if not cells:
        return Share(0, 0, 0.0, 1.0)
    share, much = wrong / cells, Z**2 / cells
    middle = (share + much / 2) / (1 + much)
    reach = Z / (1 + much) * math.sqrt(share * (1 - share) / cells + much / (4 * cells))
    return Share(wrong, cells, max(0.0, middle - reach), min(1.0, middle + reach))


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def _labelled(count: int) -> str:
    have, were = ("has", "was") if count == 1 else ("have", "were")
    return f"{_cells(count)} {have} a label now, or {were} put aside."


def _outlook(figures: ReviewFigures) -> list[str]:
    if figures.decided >= figures.cells:
        return ["Every cell was looked at."]
    if figures.expected is None or figures.random is None:
        return [f"{figures.cells - figures.decided:,} are left."]
    told = f"The next {NEXT} are expected to bring about {figures.expected:.0f} wrong labels"
    if figures.enough:
        return [
            f"{told}, hardly more than {NEXT} random cells would ({figures.random:.0f}): it is a good time to stop."
        ]
    return [f"{told}, {NEXT} random ones about {figures.random:.0f}."]


def _is_wrong(sha256: str, words: dict[str, str | None], given: dict[str, str | None]) -> bool:
    word, label = words[sha256], given[sha256]
    return bool(word and isinstance(label, str) and word not in (EXCLUDE, UNSURE, label))


def _share(among: Sequence[str], words: dict[str, str | None], given: dict[str, str | None]) -> Share:
    """How many of ``among`` have a wrong label, of those for which a label was told."""
    told = [sha256 for sha256 in among if words[sha256] not in (None, EXCLUDE, UNSURE)]
    return wilson(sum(_is_wrong(sha256, words, given) for sha256 in told), len(told))


def _expected(
    order: Order,
    views: Views,
    worst: Sequence[str],
    words: dict[str, str | None],
    given: dict[str, str | None],
    suspicion: dict[str, float],
) -> float:
    """Wrong labels in the next NEXT new cells: what the scores say, put right by what they said of the last RECENT."""
    recent = worst[-RECENT:]
    found = sum(_is_wrong(sha256, words, given) for sha256 in recent)
    right = (found + PRIOR) / (sum(suspicion[sha256] for sha256 in recent) + PRIOR)
    ahead = islice((sha256 for sha256, _ in upcoming(order, views, "") if sha256 not in views), NEXT)
    return sum(min(1.0, right * suspicion[sha256]) for sha256 in ahead)


def _is_today(time: str) -> bool:
    return _moment(time).astimezone().date() == datetime.now().astimezone().date()


def _moment(time: str) -> datetime:
    moment = datetime.fromisoformat(time)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hourly(times: Sequence[str]) -> float | None:
    """Decisions an hour, breaks aside; None before there are ten."""
    gaps = [later - sooner for sooner, later in pairwise(sorted(map(_moment, times)))]
    worked = [gap for gap in gaps if gap <= BREAK]
    seconds = sum(gap.total_seconds() for gap in worked)
    return 3600 * len(worked) / seconds if len(worked) >= 9 and seconds else None


def _kappa(views: Views) -> tuple[float | None, int]:
    """Cohen's kappa (Educ. Psychol. Meas. 20, 1960) of the first two readers of each cell, and over how many cells."""
    pairs = [[view.decided for view in told.values()][:2] for told in views.values() if len(told) > 1]
    if not pairs:
        return None, 0
    first, second = zip(*pairs, strict=True)
    words = set(first) | set(second)
    chance = sum(first.count(word) * second.count(word) for word in words) / len(pairs) ** 2
    same = sum(one == other for one, other in pairs) / len(pairs)
    return (1.0 if chance == 1 else (same - chance) / (1 - chance)), len(pairs)
