"""What a review says of itself: shares with intervals, what comes next, when to stop, whether readers agree."""

import pytest
from drawn_review import made_up

from smearflow.data.review_figures import figures_of, sentences, wilson
from smearflow.data.review_queue import WORST, View, order_of, to_label, upcoming


def said(decided="Parasitized", queue=WORST, second=0):
    return View(decided, queue, f"2026-11-29T05:{second // 60:02}:{second % 60:02}+00:00", second)


def reviewed(cells, order, count, wrong):
    views = {}
    for number in range(count):
        cell, queue = next(upcoming(order, views, "Anna"))
        views[cell] = {"Anna": said("Uninfected" if cell in wrong else "Parasitized", queue, 4 * number)}
    return figures_of(cells, order, views, "Anna")


def test_wilsons_interval():
    assert wilson(5, 100).low == pytest.approx(0.0215, abs=1e-4) and wilson(5, 100).high == pytest.approx(
        0.1118, abs=1e-4
    )
    assert wilson(0, 20).low == 0 and wilson(0, 20).high == pytest.approx(0.1611, abs=1e-4)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


def test_a_review_tells_how_it_stands_in_a_doctors_words():
    cells = made_up(1000)
    wrong = set(cells["sha256"][:60])
    figures = reviewed(cells, order_of(cells, 0.2, 1), 200, wrong)
    assert figures.decided == 200 and figures.wrong == 60 and not figures.enough
    assert figures.hourly == pytest.approx(900)
    assert figures.sample.low < 0.06 < figures.sample.high
    told = sentences(figures)
    assert told[0] == "Of 200 cells looked at again, 60 had the wrong label."
    assert "taken at random" in told[1] and told[-1].startswith("The next 100 are expected to bring about ")


def test_what_was_found_puts_the_scores_right():
    cells = made_up(1000).assign(wrong=0.5)
    order = order_of(cells, 0, 1)
    assert reviewed(cells, order, 0, set()).expected == pytest.approx(50)
    assert reviewed(cells, order, 200, set()).expected < 5  # the scores cry wolf


def test_it_is_enough_when_the_next_are_no_worse_than_any():
    cells = made_up(1000).assign(wrong=[0.8] * 100 + [0.05] * 900)
    order = order_of(cells, 0, 1)
    assert not reviewed(cells, order, 50, set(cells["sha256"][:40])).enough
    done = reviewed(cells, order, 120, set(cells["sha256"][:80]))
    assert done.enough and sentences(done)[-1].endswith("it is a good time to stop.")


def test_a_cell_that_nobody_could_tell_is_no_wrong_label():
    cells = made_up(4)
    order = order_of(cells, 0, 1)
    first, second, third, fourth = order.worst
    views = {
        first: {"Anna": said("exclude")},
        second: {"Anna": said("unsure")},
        third: {"Anna": said("Uninfected"), "Bela": said("Parasitized")},
        fourth: {"Anna": said("Uninfected"), "Bela": said("Uninfected")},
    }
    figures = figures_of(cells, order, views, "Anna")
    assert (figures.wrong, figures.excluded, figures.unsure, figures.disputed) == (1, 1, 1, 1)
    assert figures.queue.cells == 1 and sentences(figures)[-1] == "Every cell was looked at."


def test_kappa_of_two_readers():
    cells = made_up(50)
    words = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15  # 0.4, as in textbooks
    views = {
        cell: {"Anna": said(one), "Bela": said(other)}
        for cell, (one, other) in zip(cells["sha256"], words, strict=True)
    }
    figures = figures_of(cells, order_of(cells, 0, 2), views, "Anna")
    assert figures.kappa == pytest.approx(0.4) and figures.twice == 50
    assert any("agree with kappa 0.40" in sentence for sentence in sentences(figures))


def test_cells_without_labels_have_no_wrong_ones():
    cells = made_up(3).assign(given=None, wrong=float("nan"))
    order = to_label(cells)
    figures = reviewed(cells, order, 1, set())
    assert figures.expected is None and not figures.enough
    assert sentences(figures) == ["1 cell has a label now, or was put aside.", "2 are left."]
