"""Groups that share a copy of an image stay together."""

import pandas as pd

from smearflow.data.clusters import tied


def units(pairs: list[tuple[str, str | None]]) -> list[str]:
    table = pd.DataFrame(pairs, columns=["group", "cluster"], dtype="string")
    return list(tied(table["group"], table["cluster"]))


def test_without_copies_every_group_stands_for_itself() -> None:
    assert units([("C1", None), ("C2", "a"), ("C2", "a"), ("C3", "b")]) == ["C1", "C2", "C2", "C3"]


def test_a_copy_ties_two_groups_with_all_their_images() -> None:
    assert units([("C2", "a"), ("C1", "a"), ("C2", None), ("C3", None)]) == ["C1", "C1", "C1", "C3"]


def test_who_is_tied_to_one_is_tied_to_all_in_any_order() -> None:
    chain = [("C4", "x"), ("C3", "x"), ("C9", "y"), ("C4", "y"), ("C3", "z"), ("C1", "z"), ("C5", "w"), ("C6", "w")]
    assert units(chain) == ["C1"] * 6 + ["C5"] * 2
    assert units(chain[::-1]) == ["C5"] * 2 + ["C1"] * 6


def test_a_long_chain_is_one_unit() -> None:
    links = [(f"C{n + step:04}", f"{n}") for n in range(2000) for step in (0, 1)]
    assert set(units(links)) == {"C0000"}
