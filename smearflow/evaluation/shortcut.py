"""The shortcut check: how far do size, light, colour and sharpness alone tell the classes apart?

A logistic regression that never sees a picture, only one number each of what the scan measured, is fitted on the
training patients and measured on the test patients as any model is. It is what a model has to beat: where it comes
close, the classes may differ in how the slides were made, and a model may answer for that reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.manifest import STATISTICS
from smearflow.evaluation.comparison import compare
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.metrics import Bools, Floats, auc
from smearflow.evaluation.scoring import Scores, score
from smearflow.settings import Evaluation

NAME = "statistics alone"
COLUMNS = ("width", "height", "bytes", *(column.name for column in STATISTICS))
PENALTY = 1.0  # of the squared weights (Hastie, Tibshirani & Friedman, 2009, section 4.4.4); columns are standardised
STEPS = 50  # of Newton's method; it takes 5 to 10

# How near counts as close, in AUC: of 20 pairs of an infected and a healthy cell, the model then orders at most one
# more rightly than numbers do that can't show a parasite.
MARGIN = 0.05
CHANCE = 0.5


@dataclass(frozen=True)
class Shortcut:
    """What statistics alone reach. ``scores``: as of any model; ``statistic``: the column that by itself orders the
    training images best, ``alone``: its AUC on the test images, 0-1 (its direction is that of training); ``leads``: by
    how much each model's AUC is higher (-1 to 1), on the same images, with the interval of the difference."""

    scores: Scores
    statistic: str
    alone: float
    leads: Mapping[str, Interval]

    @property
    def suspects(self) -> tuple[str, ...]:
        """Names of the models that do hardly better: by MARGIN or less, or by no more than the patients' chance.

        None where the statistics do no better than chance themselves. Pairs of figures are compared patient by
        patient: with few patients, intervals that stand apart overlap although one model is better on each patient.
        """
        if not self.scores.test["auc"].low > CHANCE:
            return ()
        return tuple(name for name, lead in self.leads.items() if lead.value <= MARGIN or lead.low <= 0)

    @property
    def warning(self) -> str | None:
        """What to say of the suspects, and which statistic to look at; None where there are none."""
        if not self.suspects:
            return None
        does = "does" if len(self.suspects) == 1 else "do"
        return (
            f"{', '.join(self.suspects)} {does} hardly better than statistics alone: the data may be answering for the "
            f"wrong reason. {self.statistic} by itself has an AUC of {self.alone:.3f}; look how the slides of each "
            "class were made."
        )


def shortcut(
    manifest: pd.DataFrame,
    divided: pd.DataFrame,
    models: Mapping[str, pd.DataFrame],
    positive: str,
    evaluation: Evaluation,
) -> Shortcut:
    """Fit, measure, and hold ``models`` against it.

    ``manifest``: COLUMNS by path; ``divided``: path, sha256, label, group and split, a row an image; ``models``: the
    same with probability (0-1, of ``positive``), by name.
    """
    rows = divided.merge(manifest[["path", *COLUMNS]], on="path", how="left", validate="one_to_one")
    truth = (rows["label"] == positive).to_numpy(bool)
    train, test = ((rows["split"] == name).to_numpy(bool) for name in ("train", "test"))
    features = standardised(rows[list(COLUMNS)], train)
    mine = divided.assign(probability=probability(features, fit(features[train], truth[train])))
    best, sign = _says_most(truth[train], features[train])
    return Shortcut(
        scores=score(NAME, "", mine, positive, evaluation),
        statistic=COLUMNS[best],
        alone=_auc(truth[test], sign * features[test, best]),
        leads={name: _lead(theirs, mine, positive, evaluation) for name, theirs in models.items()},
    )


def _lead(model: pd.DataFrame, mine: pd.DataFrame, positive: str, evaluation: Evaluation) -> Interval:
    return compare(model, mine, (CHANCE, CHANCE), positive, evaluation.bootstrap).difference["auc"]


def _says_most(truth: Bools, features: Floats) -> tuple[int, float]:
    """The column that orders the training images best by itself, and 1 or -1: whether it is higher in the positive."""
    orders = np.array([_auc(truth, column) for column in features.T])
    best = int(np.abs(orders - CHANCE).argmax())
    return best, 1.0 if orders[best] >= CHANCE else -1.0


def fit(features: Floats, truth: Bools) -> Floats:
    """Weights (k + 1,), the intercept last, of a logistic regression on ``features`` (n, k) for ``truth`` (n,).

    Newton's method, each step halved until it helps; the intercept isn't penalised.
    """
    design: Floats = _with_intercept(features)
    penalty = np.r_[np.full(features.shape[1], PENALTY), 1e-6]
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = _sigmoid(design @ weights)
        gradient = design.T @ (chance - truth) + penalty * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        before = _loss(design, truth, penalty, weights)
        while _loss(design, truth, penalty, weights - step) > before and np.abs(step).max() > 1e-9:
            step /= 2
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def probability(features: Floats, weights: Floats) -> Floats:
    """Of the positive class, 0-1, (n,)."""
    return _sigmoid(_with_intercept(features) @ weights)


def standardised(columns: pd.DataFrame, train: Bools) -> Floats:
    """``columns`` (n, k) in standard deviations from the mean of the training rows; 0 where unknown or all the same."""
    numbers = columns.astype("float64")
    mean, spread = numbers[train].mean(), numbers[train].std(ddof=0)
    return ((numbers - mean) / spread.where(spread > 0)).fillna(0.0).to_numpy(np.float64)


def _with_intercept(features: Floats) -> Floats:
    return np.column_stack([features, np.ones(len(features))])


def _sigmoid(values: Floats) -> Floats:
    sigmoid: Floats = 0.5 * (1 + np.tanh(values / 2))
    return sigmoid


def _loss(design: Floats, truth: Bools, penalty: Floats, weights: Floats) -> float:
    values = design @ weights
    return float((np.logaddexp(0, values) - truth * values).sum() + (penalty * weights**2).sum() / 2)


def _auc(truth: Bools, values: Any) -> float:
    return float(auc(truth, values, np.ones(len(truth))))
