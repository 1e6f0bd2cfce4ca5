"""The sentences of a verdict, for a doctor and an engineer: plain, with the figures they rest on."""

import math
from collections.abc import Sequence

from smearflow.evaluation.intervals import FEW_GROUPS, Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.verdict import GateCheck, Incumbent
from smearflow.settings import Data, Gate

NOT_TRAINED = "No model was trained: every backbone failed."
TRAIN_AGAIN = "See why each backbone failed, mend that, and run again. A champion, if there is one, stays."
FIRST_CHAMPION = (
    "It becomes the champion, provisionally: there was none to compare it with. "
    "Let someone who reads smears look at its mistakes in the report before anyone relies on it."
)
NOTHING_NEW = "Nothing to do: the champion stays. New images or other settings could make a better model."


def reach(scores: Scores, data: Data) -> str:
    """What the model does, on whom: the figures of the test set."""
    finds = f"finds {_percent(scores.test['sensitivity'])} of {data.positive} cells"
    clears = f"recognises {_percent(scores.test['specificity'])} of {data.negative} cells"
    return f"{scores.name} {finds} and {clears}, {_on_whom(scores, data)}."


def floors(gate: Gate) -> str:
    """What had to be reached."""
    return f"The floors are {_share(gate.sensitivity)} and {_share(gate.specificity)}."


def missed(name: str, failed: Sequence[GateCheck]) -> str:
    """Which floors a model misses."""
    return f"That is not good enough: {_listed([_miss(c) for c in failed])}."


def same(champion: Incumbent) -> str:
    """The candidate and the champion are one."""
    return f"This run's best model is the champion itself ({_named(champion)}): its weights are the same."


def compared(champion: Incumbent, rival: Sequence[GateCheck]) -> str:
    """How the candidate stands against the champion."""
    if any(math.isnan(c.value) for c in rival):
        return f"It could not be compared with the champion ({_named(champion)}) on the same test images."
    found = "not worse" if all(c.passed for c in rival) else "worse"
    figures = _listed([_difference(c) for c in rival])
    tolerated = f"a loss of {-100 * rival[0].floor:g} points is tolerated, a certain loss is not"
    return f"On the same test images it is {found} than the champion ({_named(champion)}): {figures}; {tolerated}."


def after_miss(champion: Incumbent | None) -> str:
    """What to do where no candidate is good enough."""
    stays = f"The champion ({_named(champion)}) stays." if champion else "There is still no champion."
    return (
        f"Nothing is registered. {stays} Look at the mistakes and the quarantine in the report; what helps most is "
        "images of more patients, then another backbone, its pretrained weights, or more epochs."
    )


def after_defeat(champion: Incumbent) -> str:
    """What to do where the champion is better, or may be."""
    return f"The champion ({_named(champion)}) stays. Nothing to do: a week without a better model is an ordinary one."


def succession(champion: Incumbent) -> str:
    """What a promotion means."""
    return f"It takes the place of {_named(champion)}: from now on it scores new images."


def _named(champion: Incumbent) -> str:
    return f"{champion.model}, version {champion.version}"


def _on_whom(scores: Scores, data: Data) -> str:
    images = f"{scores.images:,} unseen images"
    if data.group == "image":
        return f"on {images}"
    few = "; so few patients say little of the next one" if scores.groups < FEW_GROUPS else ""
    if scores.known_groups:
        return f"on {images} of {scores.groups:,} patients, {scores.known_groups:,} of whom it was trained on"
    patients = "1 unseen patient" if scores.groups == 1 else f"{scores.groups:,} unseen patients"
    return f"on {patients} ({scores.images:,} images{few})"


def _miss(check: GateCheck) -> str:
    name = "AUC" if check.name == "auc" else check.name
    if math.isnan(check.value):
        return f"{name} could not be measured, for want of images of a class"
    figure = Interval(check.value, check.low, check.high)
    written = _plain(figure) if check.name == "auc" else _percent(figure)
    floor = f"{check.floor:g}" if check.name == "auc" else _share(check.floor)
    return f"{name} is {written}, wholly below its floor of {floor}"


def _difference(check: GateCheck) -> str:
    name = {"auc against champion": "AUC", "balanced_accuracy against champion": "balanced accuracy"}[check.name]
    return f"{name} {100 * check.value:+.1f} points ({100 * check.low:+.1f} to {100 * check.high:+.1f})"


def _percent(figure: Interval) -> str:
    """``95.1 % (93.0 to 96.8)``."""
    if math.isnan(figure.value):
        return "an unknown share"
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


def _plain(figure: Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _share(share: float) -> str:
    return f"{100 * share:g} %"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
