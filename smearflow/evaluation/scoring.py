"""Everything that is said of one model, from the table of its predictions."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from smearflow.evaluation.abstention import Band, band_of
from smearflow.evaluation.calibration import NONE, Calibration, fit_calibration
from smearflow.evaluation.intervals import Interval, bootstrap, widened
from smearflow.evaluation.metrics import BINS, FIGURES, MORE, Bools, Floats, bins_of, confusion, measure, roc
from smearflow.evaluation.thresholds import operating_threshold
from smearflow.settings import Evaluation

PATIENT_ACCURACY = "patient_accuracy"


@dataclass(frozen=True)
class Level:
    """Test images of about one probability: its mean, the share of them that is positive (both 0-1), how many."""

    probability: float
    share: float
    images: int


@dataclass(frozen=True)
class Scores:
    """One model's figures, all of calibrated probabilities. Shares are 0-1; NaN where there was nothing to measure.

    ``test``: metrics.FIGURES and MORE on the test set, and patient_accuracy, the mean over patients of the share that
    is called right; ``accuracy_at_half``: at 0.5 of the raw probability in place of ``threshold``, as notebooks count
    it; ``confusion``: images tp, fn, tn, fp there at ``threshold``; ``roc``: (false positive rate, sensitivity) from
    (0, 0) to (1, 1); ``images`` and ``groups``: how many of each the test figures rest on; ``known_groups``: those of
    which training images are too (by image only); ``unscored``: test images without a probability, left out of them;
    ``calibration``: what made the network's probabilities into these; ``validation``: FIGURES on the validation set;
    ``reliability``: the test set by probability, rising; ``band``: the probabilities (low <= p < high) that are unsure;
    ``given``: ``test`` by the labels as given (truths.py); empty where nobody looked at a label of the test set.
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
    calibration: Calibration = NONE
    validation: dict[str, Interval] = field(default_factory=dict)
    reliability: tuple[Level, ...] = ()
    band: Band | None = None
    given: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> str:
        """The scores as JSON text, NaN as null."""
        return json.dumps(without_nan(asdict(self)), indent=1)


def score(name: str, weights_digest: str, predictions: pd.DataFrame, positive: str, evaluation: Evaluation) -> Scores:
    """Measure a model on the test rows of ``predictions``, calibrated and at the threshold that validation gives.

    ``predictions``: path, label, group, split (train, val or test) and the network's own probability (0-1, of
    ``positive``; null where an image couldn't be scored), a row an image.
    """
    calibration, validation, threshold = _settled_on_validation(predictions, positive, evaluation)
    test = scored(calibrated_rows(predictions, calibration), "test")
    truth, probability = arrays_of(test, positive)
    judged = figures_of(validation, positive, threshold, evaluation.bootstrap)
    raw_accuracy = _accuracy(scored(predictions, "test"), positive, 0.5, evaluation.bootstrap)
    counts = confusion(truth, probability, threshold, np.ones(len(test)))
    return Scores(
        name=name,
        weights_digest=weights_digest,
        threshold=threshold,
        validation_auc=judged["auc"].value,
        test=figures_of(test, positive, threshold, evaluation.bootstrap),
        accuracy_at_half=raw_accuracy,
        confusion={cell: int(count) for cell, count in counts.items()},
        roc=roc(truth, probability),
        images=len(test),
        groups=int(test["group"].nunique()),
        known_groups=len(set(test["group"]) & set(predictions.loc[predictions["split"] == "train", "group"])),
        unscored=int((predictions["split"] == "test").sum()) - len(test),
        calibration=calibration,
        validation={figure: judged[figure] for figure in FIGURES},
        reliability=_levels(truth, probability),
        band=band_of(arrays_of(validation, positive)[1], threshold, evaluation.unsure),
    )


def on_validation(predictions: pd.DataFrame, positive: str, evaluation: Evaluation) -> dict[str, Interval]:
    """The figures of ``score`` on the validation rows alone: the test rows aren't looked at."""
    _, validation, threshold = _settled_on_validation(predictions, positive, evaluation)
    return figures_of(validation, positive, threshold, evaluation.bootstrap)


def _settled_on_validation(
    predictions: pd.DataFrame, positive: str, evaluation: Evaluation
) -> tuple[Calibration, pd.DataFrame, float]:
    """The calibration, the calibrated validation rows, and the threshold that these give."""
    calibration = learnt_calibration(predictions, positive)
    validation = scored(calibrated_rows(predictions, calibration), "val")
    return calibration, validation, operating_threshold(*arrays_of(validation, positive), evaluation)


def learnt_calibration(predictions: pd.DataFrame, positive: str) -> Calibration:
    """The calibration that the validation rows of a trainer's table teach."""
    validation = scored(predictions, "val")
    return fit_calibration(*arrays_of(validation, positive), validation["group"])


def calibrated_rows(predictions: pd.DataFrame, calibration: Calibration) -> pd.DataFrame:
    """``predictions`` with calibrated probabilities in place of the network's own."""
    return predictions.assign(probability=calibration.of(predictions["probability"].to_numpy(np.float64)))


def scored(predictions: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of one split that have a probability."""
    return predictions[(predictions["split"] == split) & predictions["probability"].notna()]


def arrays_of(rows: pd.DataFrame, positive: str) -> tuple[Bools, Floats]:
    """truth (bool (n,)) and probability (float64 (n,)) of scored rows."""
    return (rows["label"] == positive).to_numpy(np.bool_), rows["probability"].to_numpy(np.float64)


def figures_of(rows: pd.DataFrame, positive: str, threshold: float, resamples: int) -> dict[str, Interval]:
    """FIGURES, MORE and patient_accuracy of scored rows, each with its interval."""
    truth, probability = arrays_of(rows, positive)
    of_a_patient = 1 / rows.groupby("group")["group"].transform("size").to_numpy(np.float64)
    right = (probability >= threshold) == truth
    shares = np.stack([of_a_patient * right, of_a_patient], axis=1)

    def figures(weights: Floats) -> dict[str, Floats]:
        right_share, patients = np.moveaxis(weights @ shares, -1, 0)
        mean = np.divide(right_share, patients, out=np.full_like(patients, np.nan), where=patients > 0)
        return {**measure(truth, probability, threshold, weights), PATIENT_ACCURACY: mean}

    positives = int(truth.sum())
    negatives = len(truth) - positives
    rest_on = dict.fromkeys((*FIGURES, *MORE), min(positives, negatives)) | {
        "accuracy": len(truth),
        "sensitivity": positives,
        "specificity": negatives,
        "precision": int((probability >= threshold).sum()),
        PATIENT_ACCURACY: len(truth),
        "brier": 0,  # their ends aren't a binomial's
        "ece": 0,
        "mcc": 0,
    }
    found = bootstrap(figures, rows["group"], resamples)
    return {name: widened(interval, rest_on[name]) for name, interval in found.items()}


def _accuracy(rows: pd.DataFrame, positive: str, threshold: float, resamples: int) -> Interval:
    truth, probability = arrays_of(rows, positive)
    right = ((probability >= threshold) == truth).astype(np.float64)
    found = bootstrap(lambda weights: {"accuracy": _mean(right, weights)}, rows["group"], resamples)
    return widened(found["accuracy"], len(rows))


def _mean(values: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=-1)
    mean: Floats = np.divide(weights @ values, total, out=np.full_like(total, np.nan), where=total > 0)
    return mean


def _levels(truth: Bools, probability: Floats) -> tuple[Level, ...]:
    """The images of each bin of the calibration error that has any."""
    inside = [bins_of(probability) == number for number in range(BINS)]
    return tuple(
        Level(float(probability[rows].mean()), float(truth[rows].mean()), int(rows.sum()))
        for rows in inside
        if rows.any()
    )


def without_nan(value: Any) -> Any:
    """``value`` as JSON can say it: NaN, however deep in mappings and sequences, as null."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
