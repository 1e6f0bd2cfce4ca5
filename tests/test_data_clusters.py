"""Pairs make clusters, clusters tie groups."""

import pandas as pd

from smearflow.data.clusters import tied, united


def test_a_chain_of_pairs_is_one_cluster_named_by_its_least_member() -> None:
    assert united([("c", "b"), ("d", "c"), ("b", "a"), ("y", "x")]) == dict.fromkeys("abcd", "a") | {"x": "x", "y": "x"}


def test_the_order_of_pairs_does_not_matter() -> None:
    pairs = [("a", "b"), ("c", "d"), ("b", "d"), ("e", "f"), ("f", "c")]
    assert united(pairs) == united(pairs[::-1]) == dict.fromkeys("abcdef", "a")


def test_a_cluster_that_spans_two_patients_ties_them_and_chains_tie_on() -> None:
    groups = pd.Series(["C1", "C2", "C2", "C3", "C4", "C5"], dtype="string")
    clusters = pd.Series(["x", "x", "y", "y", None, "z"], dtype="string")
    assert tied(groups, clusters).tolist() == ["C1", "C1", "C1", "C1", "C4", "C5"]


def test_without_clusters_every_group_is_its_own_unit() -> None:
    groups = pd.Series(["C2", "C1", "C2"], dtype="string", index=[7, 3, 5])
    units = tied(groups, pd.Series(None, dtype="string", index=groups.index))
    assert units.equals(groups)


def test_a_row_without_a_group_has_no_unit_and_ties_nothing() -> None:
    groups = pd.Series(["C1", None, "C3"], dtype="string")
    clusters = pd.Series(["x", "x", "y"], dtype="string")
    assert tied(groups, clusters).fillna("none").tolist() == ["C1", "none", "C3"]


def test_no_rows_have_no_units() -> None:
    nothing = pd.Series([], dtype="string")
    assert tied(nothing, nothing).empty
