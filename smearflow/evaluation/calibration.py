"""Calibration: what a network's probability is worth, learnt on validation: of cells at 0.9, nine in ten are infected.

Two ways, of which the one is taken that holds out better: one temperature for all logits (Guo et al. 2017, "On
Calibration of Modern Neural Networks"), or an isotonic curve (Zadrozny & Elkan 2002). Both keep the order of images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from smearflow.evaluation.metrics import Bools, Floats
from smearflow.registry.serving import LEAST, calibrated

FOLDS = 5
FEWEST = 40  # images of validation, and groups twice FOLDS: with less there is nothing to learn it from
LOWEST, HIGHEST = 0.05, 20.0  # of a temperature
MERGED = 25  # images a point of the isotonic curve rests on, at least: a step made by one image isn't knowledge


@dataclass(frozen=True)
class Calibration:
    """How raw probabilities become calibrated ones. ``kind`` none leaves them as they are.

    ``temperature``: the logit is divided by it, above 0. ``x``, ``y``: points of a rising curve, 0-1.
    """

    kind: Literal["none", "temperature", "isotonic"] = "none"
    temperature: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def facts(self) -> dict[str, Any] | None:
        """What model.json says of it; None where there is none."""
        if self.kind == "none":
            return None
        if self.kind == "temperature":
            return {"kind": self.kind, "temperature": self.temperature}
        return {"kind": self.kind, "x": list(self.x), "y": list(self.y)}

    def of(self, probability: Floats) -> Floats:
        """Calibrated probabilities (n,), 0-1, of raw ones. NaN stays NaN."""
        return calibrated(probability, self.facts())


NONE = Calibration()


def calibration_of(facts: Mapping[str, Any] | None) -> Calibration:
    """The calibration that model.json tells of."""
    if facts is None:
        return NONE
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    return Calibration(**told)


def fit_calibration(truth: Bools, probability: Floats, groups: pd.Series) -> Calibration:
    """The calibration for ``truth`` (n,) and raw ``probability`` (n,) of the validation images of ``groups`` (n,).

    Of none, temperature and isotonic, in this order, the one with the lowest log loss on groups that it wasn't fitted
    on; a later one must be lower by a standard error of the difference over groups. None where there is too little.
    """
    if len(truth) < FEWEST or groups.nunique() < 2 * FOLDS or truth.all() or not truth.any():
        return NONE
    losses = {kind: _held_out(kind, truth, probability, groups) for kind in ("none", "temperature", "isotonic")}
    best = "none"
    for kind in ("temperature", "isotonic"):
        gain = pd.Series(losses[best] - losses[kind]).groupby(groups.to_numpy()).sum()
        if gain.sum() > np.sqrt(len(gain)) * gain.std(ddof=1):
            best = kind
    return _fitted(best, truth, probability)


def _held_out(kind: str, truth: Bools, probability: Floats, groups: pd.Series) -> Floats:
    """The log loss of each image under a calibration that was fitted on other groups, (n,)."""
    fold = pd.factorize(groups, sort=True)[0] % FOLDS
    said = np.empty(len(truth))
    for each in range(FOLDS):
        seen = fold != each
        said[~seen] = _fitted(kind, truth[seen], probability[seen]).of(probability[~seen])
    inside = np.clip(said, LEAST, 1 - LEAST)
    return np.asarray(-np.where(truth, np.log(inside), np.log1p(-inside)))


def _fitted(kind: str, truth: Bools, probability: Floats) -> Calibration:
    if kind == "temperature":
        return Calibration("temperature", temperature=_temperature(truth, probability))
    return _isotonic(truth, probability) if kind == "isotonic" else NONE


def _temperature(truth: Bools, probability: Floats) -> float:
    """The temperature of the lowest log loss."""
    from scipy.optimize import minimize_scalar

    inside = np.clip(probability, LEAST, 1 - LEAST)
    logit = np.log(inside) - np.log1p(-inside)

    def loss(log_temperature: float) -> float:
        scaled = logit / np.exp(log_temperature)
        return float((np.logaddexp(0, scaled) - truth * scaled).mean())

    found = minimize_scalar(loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    return float(np.exp(found.x))


def _isotonic(truth: Bools, probability: Floats) -> Calibration:
    """Points of the isotonic regression, neighbours merged until MERGED images carry each; straight lines between.

    Straight lines in place of steps keep different probabilities different, so that the order of images stays.
    """
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(probability, kind="stable")
    rising, hit = probability[order], truth[order].astype(np.float64)
    level = IsotonicRegression(y_min=0.0, y_max=1.0).fit(rising, hit).predict(rising)
    edges = [0, *(np.flatnonzero(np.diff(level)) + 1).tolist(), len(level)]
    x, y = _merged(edges, rising, hit)
    return Calibration("isotonic", x=(0.0, *x, 1.0), y=(min(0.5 / len(hit), y[0]), *y, max(1 - 0.5 / len(hit), y[-1])))


def _merged(edges: Sequence[int], rising: Floats, hit: Floats) -> tuple[list[float], list[float]]:
    """Mean probability and share of positives of each run of images, short runs joined to the next."""
    x: list[float] = []
    y: list[float] = []
    start = 0
    for end in edges[1:]:
        last = end == len(hit)
        if end - start < MERGED and not last:
            continue
        x.append(float(rising[start:end].mean()))
        y.append(float((hit[start:end].sum() + 0.5) / (end - start + 1)))  # never quite 0 or 1
        start = end
    return x, [float(level) for level in np.maximum.accumulate(y)]
