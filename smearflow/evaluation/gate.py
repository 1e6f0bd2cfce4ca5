"""The gate: may the best model of this run become champion? Validation chooses it, the test set only judges it."""

import math

from smearflow.evaluation import verdict_words as words
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.verdict import GateCheck, Incumbent, Verdict
from smearflow.settings import Data, Gate

FLOORS = ("sensitivity", "specificity", "accuracy", "auc")  # a missed infection is the worst: it comes first
COMPARED = ("auc", "balanced_accuracy")


def choose(candidates: tuple[Scores, ...]) -> Scores:
    """The model with the best validation AUC; of equals, the first. Raises ValueError where there is none."""
    return max(candidates, key=lambda s: -1.0 if math.isnan(s.validation_auc) else s.validation_auc)


def decide(candidates: tuple[Scores, ...], champion: Incumbent | None, gate: Gate, data: Data) -> Verdict:
    """The verdict over the best of ``candidates``: first the floors, then the champion."""
    if not candidates:
        return Verdict("none", None, False, words.NOT_TRAINED, words.TRAIN_AGAIN, ())
    best = choose(candidates)
    floors = tuple(_floor(name, best.test[name], getattr(gate, name)) for name in FLOORS)
    reach = words.reach(best, data)
    if not all(c.passed for c in floors):
        why = f"{reach} {words.missed(best.name, [c for c in floors if not c.passed])}"
        return Verdict("none", best.name, False, why, words.after_miss(champion), floors)
    passed = f"{reach} {words.floors(gate)}"
    if champion is None:
        return Verdict("promote", best.name, True, passed, words.FIRST_CHAMPION, floors)
    if champion.weights_digest == best.weights_digest:
        return Verdict("keep", best.name, False, f"{words.same(champion)} {reach}", words.NOTHING_NEW, floors)
    return _against(champion, best.name, passed, floors, gate)


def _against(champion: Incumbent, name: str, passed: str, floors: tuple[GateCheck, ...], gate: Gate) -> Verdict:
    """The verdict over a candidate that is over the floors: it must not be worse than ``champion``."""
    unknown = Interval(math.nan, math.nan, math.nan)
    rival = tuple(_rivalry(n, champion.difference.get(n, unknown), gate.tolerance) for n in COMPARED)
    why = f"{passed} {words.compared(champion, rival)}"
    if all(c.passed for c in rival):
        return Verdict("promote", name, False, why, words.succession(champion), floors + rival)
    return Verdict("keep", name, False, why, words.after_defeat(champion), floors + rival)


def _floor(name: str, figure: Interval, floor: float) -> GateCheck:
    """Missed where the whole interval lies below the floor, so that few patients don't decide."""
    return GateCheck(name, floor, figure.value, figure.low, figure.high, figure.high >= floor)


def _rivalry(name: str, difference: Interval, tolerance: float) -> GateCheck:
    """Worse: lower by more than ``tolerance``, or lower by however little with a whole interval below 0."""
    passed = difference.value >= -tolerance and difference.high >= 0
    label = f"{name} against champion"
    return GateCheck(label, -tolerance, difference.value, difference.low, difference.high, passed)
