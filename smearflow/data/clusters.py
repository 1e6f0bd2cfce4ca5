"""What belongs together: pairs make clusters, and clusters tie groups that must then stay in one set."""

from collections.abc import Iterable

import pandas as pd


def united(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each name in ``pairs`` the least name of its cluster: whatever a chain of pairs connects is one cluster."""
    above: dict[str, str] = {}
    for one, other in pairs:
        ends = _end(one, above), _end(other, above)
        above[max(ends)] = min(ends)
    return {name: _end(name, above) for name in above}


def tied(groups: pd.Series, clusters: pd.Series) -> pd.Series:
    """The unit of each row that must stay in one set: its group, or the least of the groups that clusters tie together.

    ``groups``: whom a row is from; ``clusters``: the manifest's column, null where an image has no near-duplicate; both
    string, same index. A row without a group has no unit.
    """
    known = pd.DataFrame({"group": groups, "cluster": clusters}).dropna().drop_duplicates()
    first = known.groupby("cluster")["group"].transform("min")
    units = united(zip(first, known["group"], strict=True))
    return groups.map(lambda group: units.get(group, group), na_action="ignore").astype("string")


def _end(name: str, above: dict[str, str]) -> str:
    """The name that stands for ``name``'s cluster; the way there is shortened for the next."""
    above.setdefault(name, name)
    while above[name] != name:
        above[name] = above[above[name]]
        name = above[name]
    return name
