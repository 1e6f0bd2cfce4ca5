"""The review as a curve."""

import pandas as pd
from test_evaluation_label_worth import cells

from smearflow.data.decisions import Decision, Entry
from smearflow.data.overlay import opinions
from smearflow.evaluation.label_worth import judged_labels
from smearflow.report.review_curve import looked_at, review_curve


def said(*words: tuple[int, str, str]) -> pd.DataFrame:
    """Opinions: number of the cell, what was decided, from which queue; in that order."""
    each = [Decision(f"{n}.png", f"{n:064x}", "a", word, "anna", "2026-11-29", "", queue) for n, word, queue in words]
    return opinions(Entry(at, decision, "") for at, decision in enumerate(each, start=1))


def test_found_so_far_is_in_the_order_of_looking_and_without_random_cells() -> None:
    rows = [("a", "b", "relabelled", 0.1), ("a", "a", "kept", 0.1), ("a", "b", "relabelled", 0.1)]
    table = judged_labels(*cells(*rows, ("a", "a", "unsure", 0.9), ("a", "a", "given", 0.4)))
    words = said((1, "a", "worst"), (0, "b", "worst"), (2, "b", "blind"), (3, "unsure", "worst"))
    assert looked_at(words, table).tolist() == [False, True]
    chart = review_curve(words, table, 0.4)
    assert chart is not None
    found, promised, random = chart.legend
    assert list(found.points) == [(0, 0), (1, 0), (2, 1)]
    assert promised.points[1][1] == 0.9 and promised.points[-1] == (5, 0.9 + 0.9 + 0.9 + 0.4 + 0.1)
    assert random.points[-1] == (5, 2)


def test_before_anybody_has_looked_it_shows_what_looking_would_bring() -> None:
    chart = review_curve(said(), judged_labels(*cells(*[("a", "a", "given", 0.5)] * 300)), 0.5)
    assert chart is not None and [s.name for s in chart.legend] == ["as the scores promise", "looking at random"]
    assert len(chart.legend[0].points) == 101  # a hundred cells, from none
    assert review_curve(said(), judged_labels(*cells()), 0.5) is None
