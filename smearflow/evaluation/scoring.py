"""Everything that is said of one model, from the table of its predictions."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.evaluation.intervals import Interval, bootstrap, widened
from smearflow.evaluation.metrics import FIGURES, Bools, Floats, auc, confusion, measure, roc
from smearflow.evaluation.thresholds import operating_threshold
from smearflow.settings import Evaluation


@dataclass(frozen=True)
class Scores:
    """One model's figures. Shares are 0-1; NaN (null in JSON) where there was nothing to measure.

    ``test``: accuracy, sensitivity, specificity and auc on the test set; ``accuracy_at_half``: at 0.5 in place of
    ``threshold``, as notebooks count it; ``confusion``: images tp, fn, tn, fp there at ``threshold``; ``roc``: (false
    positive rate, sensitivity) from (0, 0) to (1, 1); ``images`` and ``groups``: how many of each the test figures
    rest on; ``known_groups``: those of which training images are too (by image only); ``unscored``: test images without
    a probability, left out of them.
    """

    name: str
    weights_digest: str
    threshold: float
    validation_auc: float
    test: dict[str, Interval]
    accuracy_at_half: Interval
    confusion: dict[str, int]
    roc: tuple[tuple[float, float], ...]
    images: int
    groups: int
    known_groups: int
    unscored: int

    def to_json(self) -> str:
        """The scores as JSON text, NaN as null."""
        return json.dumps(_without_nan(asdict(self)), indent=1)


def score(name: str, weights_digest: str, predictions: pd.DataFrame, positive: str, evaluation: Evaluation) -> Scores:
    """Measure a model on the test rows of ``predictions``, at the threshold that its validation rows give.

    ``predictions``: path, label, group, split (train, val or test) and probability (0-1, of ``positive``; null where
    an image couldn't be scored), a row an image.
    """
    val_truth, val_probability = arrays_of(scored(predictions, "val"), positive)
    threshold = operating_threshold(val_truth, val_probability, evaluation)
    test = scored(predictions, "test")
    truth, probability = arrays_of(test, positive)
    counts = confusion(truth, probability, threshold, np.ones(len(test)))
    return Scores(
        name=name,
        weights_digest=weights_digest,
        threshold=threshold,
        validation_auc=float(auc(val_truth, val_probability, np.ones(len(val_truth)))),
        test=_figures(truth, probability, threshold, test["group"], evaluation.bootstrap),
        accuracy_at_half=_figures(truth, probability, 0.5, test["group"], evaluation.bootstrap)["accuracy"],
        confusion={cell: int(count) for cell, count in counts.items()},
        roc=roc(truth, probability),
        images=len(test),
        groups=int(test["group"].nunique()),
        known_groups=len(set(test["group"]) & set(predictions.loc[predictions["split"] == "train", "group"])),
        unscored=int((predictions["split"] == "test").sum()) - len(test),
    )


def compare(
    candidate: pd.DataFrame, champion: pd.DataFrame, thresholds: tuple[float, float], positive: str, resamples: int
) -> dict[str, Interval]:
    """Candidate minus champion in auc and balanced_accuracy (-1 to 1), each with its paired patient-bootstrap interval.

    ``candidate``: sha256, label, group, split and probability; ``champion``: sha256 and probability. What counts is the
    candidate's test images that both have scored. In each resample both see the same patients, so that what is hard
    about a patient cancels out. ``thresholds``: the candidate's, the champion's.
    """
    theirs = champion.loc[champion["probability"].notna(), ["sha256", "probability"]].drop_duplicates("sha256")
    both = scored(candidate, "test").merge(theirs, on="sha256", suffixes=("", "_champion"))
    truth, mine = arrays_of(both, positive)
    other = both["probability_champion"].to_numpy(np.float64)

    def difference(weights: Floats) -> dict[str, Floats]:
        ours = measure(truth, mine, thresholds[0], weights)
        its = measure(truth, other, thresholds[1], weights)
        return {name: ours[name] - its[name] for name in ("auc", "balanced_accuracy")}

    return bootstrap(difference, both["group"], resamples)


def scored(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of one split that have a probability."""
    return predictions[(predictions["split"] == split) & predictions["probability"].notna()]


def arrays_of(rows: pd.DataFrame, positive: str) -> tuple[Bools, Floats]:
    """truth (bool (n,)) and probability (float64 (n,)) of scored rows."""
    return (rows["label"] == positive).to_numpy(np.bool_), rows["probability"].to_numpy(np.float64)


def _figures(
    truth: Bools, probability: Floats, threshold: float, groups: pd.Series, resamples: int
) -> dict[str, Interval]:
    positives = int(truth.sum())
    negatives = len(truth) - positives
    rest_on = {
        "accuracy": len(truth),
        "sensitivity": positives,
        "specificity": negatives,
        "auc": min(positives, negatives),
    }
    found = bootstrap(lambda weights: measure(truth, probability, threshold, weights), groups, resamples)
    return {name: widened(found[name], rest_on[name]) for name in FIGURES}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
