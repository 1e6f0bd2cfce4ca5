"""The sentences of a verdict, for a doctor and an engineer: plain, with the figures they rest on."""

import math
from collections.abc import Sequence

from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.intervals import FEW_GROUPS, Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.truths import Review
from smearflow.evaluation.verdict import GateCheck, Incumbent, State
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


def missed(failed: Sequence[GateCheck]) -> str:
    """Which rules a model breaks."""
    return f"That is not good enough: {_listed([check.says for check in failed])}."


def same(champion: Incumbent) -> str:
    """The candidate and the champion are one."""
    return f"This run's best model is the champion itself ({_named(champion)}): its weights are the same."


def by_reviewed(review: Review) -> str:
    """By which labels it was judged, where people looked at some of the test set's."""
    taken_out = f", and took {_counted(review.excluded, 'cell')} out of it" if review.excluded else ""
    return (
        f"What counts are the reviewed labels: people looked at {review.reviewed:,} of the test set's "
        f"{review.images:,} and changed {review.changed:,}{taken_out}."
    )


def compared(
    champion: Incumbent,
    comparison: Comparison,
    rivals: Sequence[GateCheck],
    tolerance: float,
    reviewed: bool = False,
) -> str:
    """How the candidate stands against the champion; both by the same labels, which people ``reviewed`` or not."""
    if any(math.isnan(check.value) for check in rivals):
        return f"It could not be compared with the champion ({_named(champion)}) on the same test images."
    states = {check.state for check in rivals}
    found = "worse" if "fail" in states else "perhaps worse" if "open" in states else "not worse"
    figures = _listed([check.says for check in rivals])
    alone = (
        f"it alone is right on {comparison.only_candidate:,} images, the champion alone on {comparison.only_other:,}"
    )
    where = "On the same test images, by the reviewed labels," if reviewed else "On the same test images"
    return (
        f"{where} it is {found} than the champion ({_named(champion)}): {figures}, where a loss of up "
        f"to {100 * tolerance:g} points is tolerated; {alone}."
    )


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


def after_doubt(champion: Incumbent, more: int | None, groups: int) -> str:
    """What to do where there are too few patients to tell."""
    stays = f"Not enough evidence: the champion ({_named(champion)}) stays."
    if more is None:
        return f"{stays} The two are so alike that no number of patients in reach would tell them apart."
    patients = _counted(more, "more test patient")
    return f"{stays} About {patients} (now {groups:,}) would decide it, if the difference stays."


def succession(champion: Incumbent) -> str:
    """What a promotion means."""
    return f"It takes the place of {_named(champion)}: from now on it scores new images."


def floor_line(name: str, figure: Interval, least: float, state: State) -> str:
    """``sensitivity is 95.1 % (93.0 to 96.8), above its floor of 85 %``."""
    shown = "AUC" if name == "auc" else name
    if math.isnan(figure.value):
        return f"{shown} could not be measured, for want of images of a class"
    written = _plain(figure) if name == "auc" else _percent(figure)
    bound = f"{least:g}" if name == "auc" else _share(least)
    where = "wholly below" if state == "fail" else "above" if figure.value >= least else "not surely below"
    return f"{shown} is {written}, {where} its floor of {bound}"


def shortcut_line(lead: Interval, least: float, state: State) -> str:
    """By how much a model beats statistics that never see a picture."""
    enough = "better" if state == "pass" else "not surely better"
    asked = f" by {100 * least:g} points" if least else ""
    return f"AUC differs by {_points(lead)} from statistics that never see a picture: {enough}{asked}"


def slice_line(name: str, worst: Interval, tolerated: float, state: State) -> str:
    """The worst slice against the whole."""
    found = "surely further below than" if state == "fail" else "not surely further below than"
    return f"{name} differs by {_points(worst)} from that of the whole: {found} {100 * tolerated:g} points"


def calibration_line(error: Interval, most: float, state: State) -> str:
    """How far its probabilities are from the shares of positives."""
    if math.isnan(error.value):
        return "calibration could not be measured"
    found = "above" if state == "fail" else "within"
    return f"its probabilities are off by {_plain(error)} on average, {found} the {most:g} that are tolerated"


def parity_line(parity: float, most: float, state: State) -> str:
    """Whether the reloaded model is the measured one."""
    found = "more than" if state == "fail" else "within"
    return f"loaded again, it differs by {parity:.1g} of a probability, {found} the {most:g} that are tolerated"


def budget_line(name: str, value: float, most: float, unit: str, state: State) -> str:
    """A size or a time against what may be spent."""
    found = "over" if state == "fail" else "within"
    return f"{name} is {value:.3g} {unit}, {found} the budget of {most:g} {unit}"


def rivalry_line(name: str, difference: Interval) -> str:
    """A difference from the champion."""
    shown = "AUC" if name == "auc" else name.replace("_", " ")
    return f"{shown} {_points(difference)}"


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


def _points(difference: Interval) -> str:
    """``+1.0 points (-0.2 to +2.1)``."""
    if math.isnan(difference.value):
        return "an unknown number of points"
    return f"{100 * difference.value:+.1f} points ({100 * difference.low:+.1f} to {100 * difference.high:+.1f})"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


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
