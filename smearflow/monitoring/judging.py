"""The verdict over a batch: its contract, its patients against the reference, and how often the champion is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from smearflow.data.groups import patients_of
from smearflow.evaluation.intervals import Interval, bootstrap, widened
from smearflow.evaluation.metrics import measure
from smearflow.evaluation.scoring import arrays_of
from smearflow.monitoring.drift import Check, compare, could_alarm
from smearflow.monitoring.measures import BY_NAME, measured
from smearflow.monitoring.result import CheckLine, Figure, VerdictWord, worst
from smearflow.settings import Settings

FIGURES = ("accuracy", "sensitivity", "specificity")
TOLD = 4  # measures that a sentence names


@dataclass(frozen=True)
class Judgement:
    """What was found of a batch, and the verdict in words."""

    verdict: VerdictWord
    why: str
    next: str
    patients: int
    strangers: int
    reference_patients: int
    checks: tuple[CheckLine, ...]
    figures: dict[str, Figure]


def judge(
    cells: pd.DataFrame, reference: pd.DataFrame, threshold: float, broken: Sequence[str], settings: Settings
) -> Judgement:
    """Hold ``cells`` (the manifest's columns and probability, a row a cell that can be used) against ``reference``.

    ``threshold``: the champion's, a probability; ``broken``: critical expectations that the batch doesn't hold.
    """
    rows = cells.assign(patient=patients_of(cells["path"], settings.data))
    how, positive = settings.quality_check, settings.data.positive
    patients, known = int(rows["patient"].nunique()), int(reference["patient"].nunique())
    enough = min(patients, known) >= how.min_patients
    theirs, mine = (_figures_of(side, positive, threshold) for side in (reference, rows))
    checks = tuple(_line(check) for check in compare(theirs, mine, how)) if enough else ()
    strangers = int(rows["patient"].isna().sum())
    many = strangers > settings.quality.max_quarantined * max(len(rows), 1)
    verdict = worst([*(c.verdict for c in checks), "alarm" if broken else "ok", "warning" if many else "ok"])
    why = _why(checks, broken, strangers, len(rows), patients, known, settings)
    figures = _figures(rows, reference, threshold, settings)
    return Judgement(verdict, why, _next(verdict, broken, checks, many), patients, strangers, known, checks, figures)


def _figures_of(cells: pd.DataFrame, positive: str, threshold: float) -> pd.DataFrame:
    """The measures of each cell, and its patient."""
    return measured(cells, positive, threshold).assign(patient=cells["patient"])


def _line(check: Check) -> CheckLine:
    return CheckLine(
        name=check.name,
        value=check.value,
        threshold=check.threshold,
        verdict=check.verdict,
        reference=check.reference,
        low=check.warning[0],
        high=check.warning[1],
        alarm_low=check.alarm[0],
        alarm_high=check.alarm[1],
        probability=check.probability,
    )


def _figures(rows: pd.DataFrame, reference: pd.DataFrame, threshold: float, settings: Settings) -> dict[str, Figure]:
    """Accuracy and its parts on the batch's labelled cells of known patients, beside the champion's test set."""
    labelled = rows[rows["label"].notna() & rows["patient"].notna() & rows["probability"].notna()]
    if labelled.empty:
        return {}
    test = reference[reference["split"] == "test"]
    mine, theirs = (_measured(side, threshold, settings) for side in (labelled, test))
    return {
        name: Figure(value=mine[name].value, low=mine[name].low, high=mine[name].high, champion=theirs[name].value)
        for name in FIGURES
    }


def _measured(cells: pd.DataFrame, threshold: float, settings: Settings) -> dict[str, Interval]:
    truth, probability = arrays_of(cells, settings.data.positive)
    positives = int(truth.sum())
    rest_on = dict(zip(FIGURES, (len(truth), positives, len(truth) - positives), strict=True))
    resamples = settings.evaluation.bootstrap
    found = bootstrap(lambda w: measure(truth, probability, threshold, w), cells["patient"], resamples)
    return {name: widened(found[name], images) for name, images in rest_on.items()}


def _why(
    checks: Sequence[CheckLine],
    broken: Sequence[str],
    strangers: int,
    cells: int,
    patients: int,
    known: int,
    settings: Settings,
) -> str:
    """In sentences: what doesn't hold, what differs, what couldn't be compared."""
    said = [f"The batch breaks the data contract: {line}." for line in broken]
    off = [c for c in checks if c.verdict != "ok"]
    least = settings.quality_check.min_patients
    if off:
        said.append(f"They differ from cells of {known} unseen patients: {_listed(off)}.")
    elif checks:
        said.append(f"Cells of {patients} patients look as those of {known} unseen patients did.")
    elif patients < least:
        said.append(f"Not enough patients to compare: {patients}, and {least} are needed.")
    else:
        said.append(f"The reference has not enough patients to compare with: {known}, and {least} are needed.")
    if checks and not could_alarm(patients, known, settings.quality_check):
        said.append("With so few patients on both sides no difference is rare enough for an alarm.")
    if strangers:
        said.append(f"{strangers:,} of {cells:,} cells tell no patient by their name, and weren't compared.")
    return " ".join(said)


def _listed(off: Sequence[CheckLine]) -> str:
    more = f", and {len(off) - TOLD} more" if len(off) > TOLD else ""
    return ", ".join(_told(check) for check in off[:TOLD]) + more


def _told(check: CheckLine) -> str:
    words, higher = BY_NAME[check.name].words, (check.value or 0) > (check.reference or 0)
    figures = f"{words(check.value)} against {words(check.reference)}"
    return f"{check.name.replace('_', ' ')} is {'higher' if higher else 'lower'} ({figures})"


def _next(verdict: VerdictWord, broken: Sequence[str], checks: Sequence[CheckLine], strangers: bool) -> str:
    if broken:
        return "Look at what was left out, mend it at its source, and drop the batch again."
    if verdict == "alarm":
        return (
            "Don't rely on the champion for these cells. Look at them: light, focus, stain, another microscope? "
            "Have some labelled, drop them in class folders, and train on them too."
        )
    if any(c.verdict == "warning" for c in checks):
        return "Look at some of the cells, and at the next batch: of good ones, too, a few are called a warning."
    if strangers:
        return "Set data.group_pattern to what the file names tell of the patient."
    return "Nothing to do." if checks else "Gather cells of more patients into one batch."
