"""The order of a review: the worst first, a simple random sample mixed in, second and third readers."""

from itertools import islice

import numpy as np
import pandas as pd
from drawn_review import made_up

from smearflow.data.review_queue import (
    BLIND,
    SECOND,
    THIRD,
    UNLABELLED,
    WORST,
    View,
    agreed,
    cells_of,
    looked_at,
    order_of,
    sample_of,
    to_label,
    upcoming,
)


def said(decided="Parasitized", queue=WORST):
    return View(decided, queue, "2026-11-29T05:00:00+00:00", 1)


def reviewed(order, count, word=lambda cell: "Parasitized"):
    """What one reader has said after ``count`` decisions, each shown as the page would."""
    views = {}
    for _ in range(count):
        cell, queue = next(upcoming(order, views, "Anna"))
        views[cell] = {"Anna": said(word(cell), queue)}
    return views


def test_the_worst_come_first_and_no_cell_twice():
    order = order_of(made_up(50), blind=0, readers=1)
    assert [cell for cell, _ in upcoming(order, {}, "Anna")] == list(order.worst)
    assert not list(upcoming(order, reviewed(order, 50), "Anna"))


def test_what_is_told_ahead_is_what_comes():
    order = order_of(made_up(300), blind=0.3, readers=1)
    ahead = list(islice(upcoming(order, {}, "Anna"), 100))
    assert [(cell, told["Anna"].queue) for cell, told in reviewed(order, 100).items()] == ahead


def test_random_cells_are_mixed_in_at_their_share():
    order = order_of(made_up(2000), blind=0.2, readers=1)
    queues = [queue for _, queue in islice(upcoming(order, {}, "Anna"), 600)]
    assert 0.15 < queues.count(BLIND) / 600 < 0.22  # a little less: some had their turn among the worst
    assert {at for at in range(599) if queues[at] == BLIND} != set(range(4, 600, 5))  # and nobody can count along


def test_the_sample_is_the_first_of_a_shuffle_whatever_was_looked_at_before():
    cells = made_up(2000)
    order = order_of(cells, blind=0.3, readers=1)
    views = reviewed(order, 900)
    sample = sample_of(order, views)
    assert list(sample) == list(order.shuffled[: len(sample)]) and len(sample) == sum(order.turns[:900])
    assert any(views[cell]["Anna"].queue == WORST for cell in sample)


def test_the_share_in_the_sample_is_that_of_all_cells():
    cells = made_up(400)
    wrong = set(cells["sha256"][:60]) | set(cells["sha256"][300:320])  # most of them, not all, among the worst
    shares = []
    for number in range(60):  # other contents, another shuffle
        renamed = cells.assign(sha256=[f"{number:02}{cell[2:]}" for cell in cells["sha256"]])
        order = order_of(renamed, blind=0.3, readers=1)
        sample = sample_of(order, reviewed(order, 150))
        shares.append(np.mean([f"00{cell[2:]}" in wrong for cell in sample]))
    assert abs(np.mean(shares) - 80 / 400) < 0.025


def test_a_cell_that_is_put_off_is_passed_over():
    order = order_of(made_up(5), blind=0, readers=1)
    assert next(upcoming(order, {}, "Anna", later=[order.worst[0]]))[0] == order.worst[1]


def test_two_readers_see_each_cell_and_a_third_what_they_disagree_about():
    order = order_of(made_up(5), blind=0, readers=2)
    first, other = order.worst[:2]
    views = {first: {"Anna": said("Parasitized")}, other: {"Anna": said(), "Bela": said("Uninfected")}}
    assert list(islice(upcoming(order, views, "Bela"), 2)) == [(first, SECOND), (order.worst[2], WORST)]
    assert list(islice(upcoming(order, views, "Cleo"), 2)) == [(other, THIRD), (first, SECOND)]
    assert next(upcoming(order, views, "Anna")) == (order.worst[2], WORST)


def test_what_readers_come_to():
    assert agreed({"Anna": said("Parasitized"), "Bela": said("unsure")}) == "Parasitized"
    assert agreed({"Anna": said("unsure")}) == "unsure"
    assert agreed({"Anna": said("Parasitized"), "Bela": said("Uninfected")}) is None
    assert agreed({name: said(word) for name, word in zip("abc", ("x", "y", "y"), strict=True)}) == "y"


def test_only_what_was_shown_here_makes_a_random_cell_due():
    assert looked_at({"a": {"Anna": said(queue="import")}, "b": {"Anna": said(queue=BLIND)}}) == 1


def test_cells_without_labels_come_as_they_are():
    order = to_label(made_up(3))
    assert list(upcoming(order, {}, "Anna")) == [(cell, UNLABELLED) for cell in order.worst]


def test_the_label_is_the_folders_and_the_doubt_is_about_that():
    scores = pd.DataFrame({"path": ["a", "b"], "sha256": ["1", "2"], "label": ["Parasitized", "Uninfected"]})
    scores = scores.assign(group="C1", probability=0.9, wrong=[0.1, 0.9], rank=[2, 1])
    given = pd.DataFrame({"path": ["a", "new/b"], "sha256": ["1", "2"], "label_given": "Uninfected"}, dtype="string")
    cells = cells_of(scores, given)
    assert cells["sha256"].tolist() == ["2", "1"] and cells["given"].tolist() == ["Uninfected", "Uninfected"]
    assert cells["path"].tolist() == ["new/b", "a"]
    assert cells["wrong"].tolist() == [0.9, 0.9]  # a reader has put the second right meanwhile
