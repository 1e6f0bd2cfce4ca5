"""How likely each label is wrong, by what judges say that never saw its patient: one table, the worst label first.

In the manner of confident learning (Northcutt, Jiang & Chuang, J. Artif. Intell. Res. 70, 2021): out-of-fold
probabilities against the label that is there. Those of several judges are combined by a logistic regression on their
logits, which calibrates them as well (Wolpert, Neural Networks 5, 1992; Platt 1999).
"""

from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.label_noise import Share, share_wrong
from smearflow.data.labels import contradiction
from smearflow.evaluation.shortcut import fit

Array = np.ndarray[Any, Any]

JUDGE = "judge_"  # before a judge's name, in the name of its column
COLUMNS = ("path", "sha256", "label", "group", "probability", "wrong", "rank", "copies")
AGREEMENT = 0.75  # with labels, of a judge whose word on how many are wrong is worth anything
SURE = 1e-6  # probabilities keep so far from 0 and 1
FAR, HALVINGS = 40.0, 60  # the logit at which a search begins, and how often its range is halved


def label_scores(cells: pd.DataFrame, judges: pd.DataFrame, positive: str) -> tuple[pd.DataFrame, Share]:
    """COLUMNS and a column JUDGE + name for each of ``judges``, in order of rank; and the share of wrong labels.

    ``cells``: path, sha256, label, group, cluster (smearflow.data.manifest). ``judges``: on the same index a column a
    judge, its probability of the positive class, 0-1, from patients that it never saw; NaN where it couldn't say.

    ``probability``: the judges' together, 0-1, NaN where none could say. ``wrong``: 0-1, how likely the label is; their
    mean is the share, copies under other labels aside. ``rank``: 1 is the worst. ``copies``: how near-duplicates are
    labelled, null where there are none.
    """
    given = (cells["label"] == positive).to_numpy(bool)
    logits = logits_of(judges.to_numpy(np.float64))
    together = combined(logits, given)
    known = ~np.isnan(together)
    votes = logits[known] > 0
    share = share_wrong(votes[:, informed(votes, given[known])], given[known], cells.loc[known, "group"])
    against = np.where(known, contradiction(together, given), -FAR)
    wrong = np.where(known, chances(against, known, share.value), share.value)
    others, copies = copies_of(cells)
    columns = {f"{JUDGE}{name}": judges[name] for name in judges}
    table = cells[["path", "sha256", "label", "group"]].assign(
        probability=_sigmoid(together), wrong=np.maximum(wrong, others), copies=copies, **columns
    )
    worst = np.lexsort((cells["path"].to_numpy(str), -against, -table["wrong"].to_numpy(np.float64)))
    table = table.iloc[worst].assign(rank=np.arange(1, len(table) + 1))
    return table[[*COLUMNS, *columns]].reset_index(drop=True), share


def informed(votes: Array, given: Array) -> Array:
    """Which judges know something of labels, bool (k,): those whose ``votes``, bool (n, k), mostly are the label.

    The others would make the share what chance makes it. Where none does it is the best alone, whose own mistakes then
    count as wrong labels.
    """
    agreement = (votes == given[:, None]).mean(axis=0)
    knows: Array = agreement >= min(AGREEMENT, agreement.max())
    return knows


def combined(logits: Array, given: Array) -> Array:
    """The judges' ``logits`` (n, k) as one (n,), calibrated against the labels ``given``, bool (n,).

    A judge that couldn't say, NaN, counts as undecided; NaN where none could.
    """
    told = np.nan_to_num(logits)
    known = ~np.isnan(logits).all(axis=1)
    weights = fit(told[known], given[known])
    return np.where(known, told @ weights[:-1] + weights[-1], np.nan)


def chances(against: Array, known: Array, share: float) -> Array:
    """How likely each label is wrong, 0-1 (n,), given how strongly judges speak ``against`` it (logits): so that
    ``share`` of those that are ``known``, bool (n,), are wrong.

    One logit is added to all: judges that were fitted on wrong labels say too often that a right one might be another.
    """
    low, high = -FAR, FAR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _sigmoid(against[known] + middle).mean() > share else (middle, high)
    return _sigmoid(against + low)


def copies_of(cells: pd.DataFrame) -> tuple[Array, pd.Series]:
    """The share of each image's near-duplicates, itself among them, that bear another label, 0-1 (n,); and in words.

    0 and null where it has none.
    """
    clusters = cells["cluster"]
    size = clusters.map(clusters.value_counts()).fillna(1).astype(int)
    alike = cells.groupby(["cluster", "label"])["label"].transform("size").reindex(cells.index).fillna(1).astype(int)
    words = [_told(same - 1, all_of_them - same) for same, all_of_them in zip(alike, size, strict=True)]
    return ((size - alike) / size).to_numpy(np.float64), pd.Series(words, index=cells.index, dtype="string")


def _told(same: int, other: int) -> str | None:
    if not same + other:
        return None
    if not other:
        return f"{same:,} near-duplicate{'s' if same > 1 else ''} under this label"
    return f"{other:,} near-duplicate{'s' if other > 1 else ''} under another label, {same:,} under this one"


def logits_of(probability: Array) -> Array:
    """Log odds of probabilities, none endless; NaN stays."""
    kept = np.clip(probability, SURE, 1 - SURE)
    odds: Array = np.log(kept / (1 - kept))
    return odds


def _sigmoid(values: Array) -> Array:
    shares: Array = 0.5 * (1 + np.tanh(values / 2))
    return shares
