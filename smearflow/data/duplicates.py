"""What near-duplicates mean: under both classes a conflict for a person to look at, else what stays together."""

from typing import Literal

import pandas as pd

from smearflow.data.clusters import united
from smearflow.data.lookalikes import Pictures, find_pairs
from smearflow.data.thumbnails import stacked

PAIRS = {"first": "string", "second": "string", "likeness": "Float64", "across": "boolean"}  # columns of the table


def compared(manifest: pd.DataFrame) -> pd.DataFrame:
    """The rows that a copy may leak from or speak against: those that are used, and those with a conflict already."""
    return manifest[manifest["reason"].isna() | (manifest["reason"] == "label_conflict")]


def pairs_of(manifest: pd.DataFrame, pictures: dict[str, Pictures], least: float) -> pd.DataFrame:
    """Near-duplicates among the compared rows: first and second (sha256, in this order), likeness (0-1), across.

    ``across``: they are under different labels. Conflicts come first, then the most alike.
    """
    digests = sorted(pictures)
    found = find_pairs(stacked([pictures[digest] for digest in digests]), least)
    first, second = ([digests[at] for at in side] for side in (found.first, found.second))
    labels = _labels(compared(manifest))
    nothing: frozenset[str] = frozenset()
    across = [
        len(labels.get(one, nothing) | labels.get(other, nothing)) > 1 for one, other in zip(first, second, strict=True)
    ]
    table = pd.DataFrame({"first": first, "second": second, "likeness": found.likeness, "across": across})
    ordered = table.astype(PAIRS).sort_values(
        ["across", "likeness", "first", "second"], ascending=[False, False, True, True]
    )
    return ordered.reset_index(drop=True)


def judged(manifest: pd.DataFrame, pairs: pd.DataFrame, near: Literal["together", "drop", "off"]) -> pd.DataFrame:
    """``manifest`` with ``cluster``, and with the reasons label_conflict and, where ``near`` is drop, near_duplicate.

    A cluster under several labels is a conflict on every side. Of another, ``drop`` keeps the image with the most
    pixels, of these the first by path.
    """
    among = compared(manifest)
    least = united(zip(pairs["first"], pairs["second"], strict=True))
    cluster = among["sha256"].map(least).astype("string").str[:16].reindex(manifest.index)
    labels = among.groupby(cluster.loc[among.index])["label"].nunique()
    conflict = cluster.isin(labels.index[labels > 1])
    reason = manifest["reason"].mask(conflict & cluster.notna(), "label_conflict")
    if near == "drop":
        reason = reason.mask(_lesser(manifest, cluster, reason.isna()), "near_duplicate")
    return manifest.assign(reason=reason, cluster=cluster)


def clusters_used(manifest: pd.DataFrame) -> int:
    """How many clusters have more than one image that is used."""
    return int((manifest.loc[manifest["reason"].isna(), "cluster"].value_counts() > 1).sum())


def _lesser(manifest: pd.DataFrame, cluster: pd.Series, used: pd.Series) -> pd.Series:
    """Which of the rows that are ``used`` aren't the best of their cluster (bool)."""
    members = manifest.assign(cluster=cluster, pixels_in_all=manifest["width"] * manifest["height"])
    members = members[used & cluster.notna()].sort_values(["pixels_in_all", "path"], ascending=[False, True])
    lesser = members.index[members.duplicated("cluster")]
    return pd.Series(manifest.index.isin(lesser), index=manifest.index)


def _labels(rows: pd.DataFrame) -> dict[str, frozenset[str]]:
    """The labels that each sha256 stands under."""
    known = rows.dropna(subset="label")
    return {str(sha256): frozenset(mine) for sha256, mine in known.groupby("sha256")["label"]}
