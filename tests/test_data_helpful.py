"""Which cells without labels come first: those in doubt, unlike each other, from many slides."""

import numpy as np
import pandas as pd
import pytest

from smearflow.data.helpful import COLUMNS, MEASURES, in_helpful_order, uncertainty


def cells(count: int, slides: int = 10, *, probability: float | None = None) -> pd.DataFrame:
    """``count`` cells of ``slides`` slides, whose measures are drawn around the slide's own."""
    draw = np.random.default_rng(9)
    of = np.arange(count) % slides
    measures = draw.normal(150, 20, (slides, len(MEASURES)))[of] + draw.normal(0, 10, (count, len(MEASURES)))
    names = [f"C{slide}P1ThinF_IMG_2015_cell_{number}.png" for number, slide in enumerate(of)]
    known = {"path": names, "sha256": [f"{number:064x}" for number in range(count)], "probability": probability}
    return pd.DataFrame(np.abs(measures), columns=list(MEASURES)).assign(**known)


def test_every_cell_comes_once_with_what_the_review_page_reads() -> None:
    given = cells(2300)
    queue = in_helpful_order(given)
    assert tuple(queue.columns) == COLUMNS
    assert sorted(queue["path"]) == sorted(given["path"]) and queue["order"].tolist() == list(range(1, 2301))
    assert queue["given"].isna().all() and queue["slide"].nunique() == 10


def test_cells_in_doubt_come_first() -> None:
    given = cells(400, probability=0.999)
    doubted = given.sample(40, random_state=1).index
    given.loc[doubted, "probability"] = 0.5
    first = in_helpful_order(given).head(40)
    assert first["probability"].eq(0.5).mean() > 0.7
    assert uncertainty(np.array([0.0, 0.5, 1.0])) == pytest.approx([0, 1, 0], abs=1e-9)


def test_a_slide_with_most_of_the_cells_is_not_most_of_what_comes_first() -> None:
    many = cells(900, slides=1)
    few = cells(90, slides=10).assign(path=lambda rows: "D" + rows["path"], sha256=lambda rows: "f" + rows["sha256"])
    first = in_helpful_order(pd.concat([many, few])).head(33)["slide"].value_counts()
    assert len(first) == 11 and first.max() <= 8


def test_those_that_come_first_lie_apart() -> None:
    given = cells(500)

    def closest(some: pd.DataFrame) -> float:
        places = given.set_index("path").loc[some["path"], list(MEASURES)].to_numpy()
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        return float(apart[np.triu_indices(len(places), 1)].min())

    assert closest(in_helpful_order(given).head(20)) > 1.5 * closest(given.sample(20, random_state=3))


def test_a_copy_waits_for_all_that_are_not() -> None:
    given = cells(60, slides=60)
    copy = given.iloc[[5]].assign(path="E1P1ThinF_IMG_2015_cell_7.png", sha256="e" * 64)
    assert in_helpful_order(pd.concat([given, copy])).iloc[-1]["sha256"] in (given["sha256"][5], "e" * 64)


def test_what_is_not_measured_and_what_is_not_there_stops_nothing() -> None:
    given = cells(30)
    given.loc[3, "sharpness"] = None
    given["width"] = 90
    assert len(in_helpful_order(given)) == 30
    assert in_helpful_order(given[:0]).empty


def test_the_order_does_not_depend_on_the_order_of_the_rows() -> None:
    given = cells(200)
    shuffled = given.sample(frac=1, random_state=2)
    assert in_helpful_order(given)["path"].tolist() == in_helpful_order(shuffled)["path"].tolist()
