"""Which training labels to doubt: `python -m smearflow.models.doubts SPEC.json`, a process of its own.

Heads on frozen backbones, or networks of which each saw one half, judge the cells of patients that they never saw
(grouped cross-validation within the training set), and the labels that they contradict most are doubted: the simplest
rule of confident learning (Northcutt et al. 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels").
The features are those that training needs afterwards, and are found in the cache by then.
"""

import sys

import numpy as np
import pandas as pd

from smearflow.data.labels import contradiction, suspects, trust
from smearflow.models.backbones import find
from smearflow.models.child import done_as_told, import_keras, say
from smearflow.models.features import stream_of
from smearflow.models.fitted import Array, Labelled
from smearflow.models.folds import folds_of, logits_of_unseen
from smearflow.models.frozen import features_to_compute, frozen_of, see
from smearflow.models.halves import logits_of_others
from smearflow.models.spec import DoubtSpec, TrainSpec


def main(arguments: list[str]) -> int:
    """Judge as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, DoubtSpec, judge)


def judge(spec: DoubtSpec) -> None:
    """Write doubts.parquet: path, sha256, label, group, and what is said of each label.

    That is the probability of the positive class, whether people ``decided``, whether it is ``doubted``, and the
    ``weight`` that it deserves, 1 on average. What people decided is right.
    """
    first = spec.judges[0]
    rows = pd.read_parquet(first.parts)
    import_keras(spec.threads, first.train.seed)
    judged = rows[rows["split"] == "train"].drop(columns="split")
    logits = np.full(len(judged), 0.0)
    known = np.ones(len(judged), bool)
    for each in spec.judges:
        said, there = unseen(each, rows, judged)
        logits[there] += said / len(spec.judges)
        known &= there
    judged, logits = judged[known], logits[known]
    positive = (judged["label"] == first.positive).to_numpy(bool)
    decided = judged["sha256"].isin(spec.decided).to_numpy(bool)
    against = np.where(decided, -np.inf, contradiction(logits, positive))
    doubted = suspects(against, judged["label"], spec.suspects)
    table = judged.assign(probability=np.exp(-np.logaddexp(0, -logits)), decided=decided, doubted=doubted)
    table.assign(weight=trust(against)).to_parquet(spec.out / "doubts.parquet", index=False)
    say(f"{doubted.sum():,} of {len(judged):,} labels are in doubt")


def unseen(spec: TrainSpec, rows: pd.DataFrame, judged: pd.DataFrame) -> tuple[Array, Array]:
    """Logits of those of ``judged`` that can be read, by a model that never saw their patients; and which.

    Float (k,) and bool (n,). Of a frozen backbone the features of all ``rows`` are computed: training needs them next.
    """
    row = find(spec.model.name)
    if not row.frozen:
        said = logits_of_others(spec, judged)
        there = ~np.isnan(said)
        return said[there], there
    with stream_of(spec, features_to_compute(spec, row, rows)) as stream:
        cache = see(frozen_of(spec, row, rows), rows, stream, {}).cache
    there = cache.knows(judged["sha256"].tolist())
    some = judged[there]
    images = Labelled(cache.gather(some["sha256"].tolist()), (some["label"] == spec.positive).to_numpy(bool))
    return logits_of_unseen(images, folds_of(some["group"], spec.train.seed)), there


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
