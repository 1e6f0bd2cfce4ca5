"""What must stay together: groups that share a copy of an image are tied, whoever they are."""

import pandas as pd


def tied(groups: pd.Series, clusters: pd.Series) -> pd.Series:
    """The unit that each row belongs to (string): groups that a cluster spans are one unit, named by its first group.

    ``groups`` (string) and ``clusters`` (string, null where there is none) have the same index. Without a cluster
    that spans two groups, the units are the groups.
    """
    named = clusters.notna()
    pairs = pd.DataFrame({"group": groups[named], "cluster": clusters[named]}).drop_duplicates()
    spanning = pairs[pairs.duplicated("cluster", keep=False)].sort_values(["cluster", "group"])
    first_of: dict[str, str] = {}
    for _, members in spanning.groupby("cluster")["group"]:
        for member in members.iloc[1:]:
            _join(first_of, members.iloc[0], member)
    units = {group: _first(first_of, group) for group in spanning["group"].unique()}
    return groups.mask(groups.isin(units.keys()), groups.map(units)).astype("string") if units else groups


def _join(first_of: dict[str, str], one: str, other: str) -> None:
    one, other = sorted((_first(first_of, one), _first(first_of, other)))
    if one != other:
        first_of[other] = one


def _first(first_of: dict[str, str], group: str) -> str:
    """The first group of the unit of ``group``: union-find, each path halved as it is walked."""
    while group in first_of:
        above = first_of[group]
        first_of[group] = first_of.get(above, above)
        group = above
    return group
