"""What judges say of all labels: `python -m smearflow.models.label_judges SPEC.json`, a process of its own.

Each judges the cells of patients that it never saw: heads on what frozen layers say of the images, networks that were
taught by half of the patients, and a regression on the statistics of the scan, which sees no picture at all.
Where every feature is cached and no network is asked, TensorFlow isn't imported.
"""

import functools
import itertools
import sys

import numpy as np
import pandas as pd

from smearflow.data.labels import contradiction
from smearflow.evaluation import shortcut
from smearflow.models.backbones import find
from smearflow.models.child import done_as_told, import_keras, say
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import cache_at, fullest, network_digest, precisions, stream_of
from smearflow.models.fitted import Array, Labelled
from smearflow.models.folds import EPOCHS, folds_of
from smearflow.models.frozen import features_to_compute, frozen_of, see
from smearflow.models.halves import HALVES, logits_of_others
from smearflow.models.heads import plain_head
from smearflow.models.spec import LabelSpec, TrainSpec

STATISTICS = "statistics"
FOLDINGS = 2  # of the patients, for heads: each image is judged by so many
PRUNED = 0.03  # share of the labels that heads do without when they judge once more: what they contradict most


def main(arguments: list[str]) -> int:
    """Judge as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, LabelSpec, judge)


def judge(spec: LabelSpec) -> None:
    """Write judges.parquet: sha256 of each row, and each judge's probability of the positive class, 0-1, or NaN."""
    rows = pd.read_parquet(spec.rows)
    count = itertools.count(1)
    total = len(spec.frozen) + HALVES * spec.divisions * len(spec.whole)

    def ready(name: str) -> None:
        say(f"labels {next(count)}/{total} {name}")

    logits = {}
    for name, each in spec.frozen.items():
        logits[name] = heads_say(each, rows)
        ready(name)
    for name, each in spec.whole.items():
        _keras(each)
        logits[name] = logits_of_others(each, rows, spec.divisions, functools.partial(ready, name))
    judges = {name: np.exp(-np.logaddexp(0, -said)) for name, said in logits.items()}
    judges[STATISTICS] = statistics_say(rows, spec.positive, spec.seed)
    pd.DataFrame({"sha256": rows["sha256"], **judges}).to_parquet(spec.out / "judges.parquet", index=False)


def heads_say(spec: TrainSpec, rows: pd.DataFrame) -> Array:
    """Logits of heads on the frozen layers of ``spec``, float (n,); NaN where an image can't be read.

    They are fitted twice: the second time without the labels that they contradicted most.
    """
    cache = features_of(spec, rows)
    there = cache.knows(rows["sha256"].tolist())
    some = rows[there]
    images = Labelled(cache.gather(some["sha256"].tolist()), (some["label"] == spec.positive).to_numpy(bool))
    foldings = [folds_of(some["group"], spec.train.seed + number) for number in range(FOLDINGS)]
    teaches = some["reason"].isna().to_numpy(bool)
    first = _by_folds(images, foldings[:1], teaches)
    against = np.where(teaches, contradiction(first, images.positive), -np.inf)
    trusted = np.array(teaches)
    trusted[np.argsort(-against, kind="stable")[: int(PRUNED * len(against))]] = False
    logits = np.full(len(rows), np.nan)
    logits[there] = _by_folds(images, foldings, trusted)
    return logits


def _by_folds(images: Labelled, foldings: list[Array], teaches: Array) -> Array:
    """What heads say, on average, that were fitted on other folds' images that ``teaches`` has: logits, (n,)."""
    logits = np.zeros(len(images.positive))
    for folds in foldings:
        for fold in np.unique(folds):
            inside = folds == fold
            lessons = ~inside & teaches
            head = plain_head(Labelled(images.inputs[lessons], images.positive[lessons]), EPOCHS)
            logits[inside] += head.logits(images.inputs[inside]) / len(foldings)
    return logits


def features_of(spec: TrainSpec, rows: pd.DataFrame) -> FeatureCache:
    """A cache with the features of all ``rows`` that can be read; what it lacks of those that teach is computed."""
    row = find(spec.model.name)
    missing = features_to_compute(spec, row, rows[rows["reason"].isna()])
    if missing.empty:
        digest = network_digest(spec, row)
        return fullest([cache_at(spec, digest, precision) for precision in precisions(spec)], rows)
    _keras(spec)
    with stream_of(spec, features_to_compute(spec, row, rows)) as stream:
        return see(frozen_of(spec, row, rows), rows, stream, {}).cache


def statistics_say(rows: pd.DataFrame, positive: str, seed: int) -> Array:
    """The probability of the positive class, 0-1 (n,), by what the scan measured of patients other than its own."""
    given, teaches = (rows["label"] == positive).to_numpy(bool), rows["reason"].isna().to_numpy(bool)
    folds = folds_of(rows["group"], seed)
    said = np.empty(len(rows))
    for fold in np.unique(folds):
        lessons = (folds != fold) & teaches
        columns = shortcut.standardised(rows[list(shortcut.COLUMNS)], lessons)
        weights = shortcut.fit(columns[lessons], given[lessons])
        said[folds == fold] = shortcut.probability(columns[folds == fold], weights)
    return said


def _keras(spec: TrainSpec) -> None:
    """Import Keras, once: it can't be told of threads again."""
    if "keras" not in sys.modules:
        import_keras(spec.threads, spec.train.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
