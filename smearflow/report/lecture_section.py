"""The lecture's seven steps as this run took them, and its figures beside the lecture's."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from smearflow.models.lecture_figures import LectureModel, lecture_model
from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import Names
from smearflow.report.wording import counted
from smearflow.summary import ChampionResult, ModelResult, Outcome, Summary

GOOD_ENOUGH: Mapping[Outcome, str] = {
    "promoted": "yes",
    "kept": "yes, and not better than the champion",
    "none": "no, so back to step 5",
    "failed": "the run failed",
}


@dataclass(frozen=True)
class Step:
    """One of the seven steps: what the lecture calls it, and what this run did. None: it wasn't reached."""

    name: str
    done: str | None


@dataclass(frozen=True)
class LectureRow:
    """A model of the run beside the lecture's. ``error``: why there is none."""

    model: ModelResult
    lecture: LectureModel
    error: str | None


@dataclass(frozen=True)
class LectureSection:
    """The steps, the table, and what the random split hides: test images whose patient was trained on, of all."""

    steps: tuple[Step, ...]
    rows: tuple[LectureRow, ...]
    known: int
    tested: int


def is_lecture(findings: Findings) -> bool:
    """Whether any model of the run has the lecture's recipe."""
    return any(model.recipe == "lecture" for model in findings.settings.models)


def lecture_section(findings: Findings, names: Names) -> LectureSection | None:
    """None of a run that has nothing of the lecture's, or didn't come to its models."""
    rows = tuple(
        LectureRow(model, lecture_model(model.name), names.text(model.error or "") or None)
        for model in findings.summary.models
        if model.recipe == "lecture"
    )
    if not rows:
        return None
    known, tested = _known_patients(findings.split)
    return LectureSection(_steps(findings), rows, known, tested)


def shortened(findings: Findings) -> str | None:
    """That the lecture's epochs were scaled, and to how many; None where they weren't."""
    scale = findings.settings.lecture.epochs_scale
    if not is_lecture(findings) or scale == 1:
        return None
    trained = [m for m in findings.summary.models if m.recipe == "lecture" and m.epochs]
    epochs = ", ".join(f"{m.name} {m.epochs} of {lecture_model(m.name).epochs}" for m in trained)
    return f"Trained at {scale:g} of the lecture's epochs ({epochs or 'none yet'}): not comparable with its figures."


def _known_patients(split: pd.DataFrame | None) -> tuple[int, int]:
    """How many test images are of a group that training images are of too, and how many there are."""
    if split is None:
        return 0, 0
    test = split[split["split"] == "test"]
    return int(test["group"].isin(split.loc[split["split"] == "train", "group"]).sum()), len(test)


def _steps(findings: Findings) -> tuple[Step, ...]:
    summary, how = findings.summary, findings.settings.lecture
    named = ", ".join(m.name for m in findings.settings.models)
    method = f"{named}; {how.initializer}, {how.loss}, {how.optimizer} at {how.learning_rate:g}"
    trained = ", ".join(m.name for m in summary.models if m.status == "ok")
    return (
        *_data_steps(summary),
        Step("Choose method, initial weights and loss:", method),
        Step("Train:", trained or None),
        Step(
            "Validate on the test set, good enough?", GOOD_ENOUGH[summary.verdict.outcome] if findings.scores else None
        ),
        Step("Deploy, and go on checking:", _deployed(summary.champion) if findings.scores else None),
    )


def _data_steps(summary: Summary) -> tuple[Step, ...]:
    data, split = summary.dataset, summary.split
    organised = cleaned = divided = None
    if data:
        organised = f"{counted(data.images, 'image')} of {counted(data.groups, 'patient')}"
        cleaned = f"{counted(data.quarantined, 'file')} quarantined, {data.review:,} to review"
    if split:
        divided = f"{split.train:,} to train, {split.val:,} to validate, {split.test:,} to test, by {split.by}"
    return Step("Organise the data:", organised), Step("Clean it:", cleaned), Step("Split it:", divided)


def _deployed(champion: ChampionResult | None) -> str:
    if champion is None:
        return "no model is registered"
    return f"{champion.registry_name}, version {champion.version} ({champion.model})"
