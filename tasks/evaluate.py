"""Evaluate: measure each model on the untouched test set, at the threshold that validation gives."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from smearflow.data.manifest import read_manifest
from smearflow.data.splitting import Parts
from smearflow.evaluation.abstention import Abstention, abstention
from smearflow.evaluation.gate import choose
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.metrics import FIGURES
from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.evaluation.scoring import Scores, calibrated_rows, score, scored
from smearflow.evaluation.shortcut import Shortcut, shortcut
from smearflow.evaluation.slices import Slice, in_words, slices, worst
from smearflow.evaluation.truths import Review, against_given, review_of, with_truths
from smearflow.models.spec import Trained
from smearflow.settings import Evaluation
from smearflow.workspace import building
from tasks.stage import stage


@dataclass(frozen=True)
class Evaluated:
    """The figures of every trained model and of statistics alone, and where predictions and mistakes lie.

    ``candidate``: name of the model that is best on validation, ``slices`` and ``abstention`` are its own; ``review``:
    what people said of the test set's labels.
    """

    folder: Path
    scores: tuple[Scores, ...]
    candidate: str
    shortcut: Shortcut | None = None
    slices: tuple[Slice, ...] = ()
    abstention: Abstention | None = None
    review: Review | None = None

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def by_name(self) -> dict[str, Scores]:
        return {scores.name: scores for scores in self.scores}

    @property
    def judged(self) -> Scores:
        """The candidate's scores."""
        return self.by_name[self.candidate]

    def predictions(self, name: str) -> Path:
        """A trainer's table with calibrated probabilities: path, sha256, label, group, split, probability, and
        both truths as the manifest has them: label_given, label_source."""
        return self.folder / f"{name}-predictions.parquet"

    def mistakes(self, name: str) -> pd.DataFrame:
        """The most confident mistakes of one model (smearflow/evaluation/mistakes.py)."""
        return pd.read_parquet(self.folder / f"{name}-mistakes.parquet")


def says(found: Evaluated) -> str:
    baseline = (found.shortcut.scores,) if found.shortcut else ()
    rows = "".join(
        f"| {s.name} | {' | '.join(_told(s.test[name]) for name in FIGURES)} | {s.threshold:.3f} "
        f"| {_told(s.validation['auc'])} | {s.calibration.kind} |\n"
        for s in (*found.scores, *baseline)
    )
    names = " | ".join(FIGURES)
    first = found.scores[0]
    unseen = f"{first.known_groups:,} of which were trained on too" if first.known_groups else "none of them trained on"
    return f"""# Measured on {first.images:,} images of {first.groups:,} groups, {unseen}

| model | {names} | threshold | AUC on validation | calibrated by |
|---|{"---|" * (len(FIGURES) + 3)}
{rows}
In brackets: 95 % interval by patient bootstrap. The threshold comes from validation, never from test.
{_of_truths(found)}{_of_statistics(found)}
{_of_slices(found)}"""


def _told(figure: Interval) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _of_truths(found: Evaluated) -> str:
    """The candidate by both truths, a line each, where people looked at labels of the test set."""
    review, scores = found.review, found.judged
    if review is None or not scores.given:
        return ""
    taken_out = f" Cells of these patients that were taken out: {review.excluded:,}." if review.excluded else ""
    return f"""
People looked at {review.reviewed:,} of the {review.images:,} labels and changed {review.changed:,}.{taken_out}

- **{scores.name} by the reviewed labels**, which count: {_by_truth(scores.test)}
- by the labels as given: {_by_truth(scores.given)}
"""


def _by_truth(figures: dict[str, Interval]) -> str:
    return f"accuracy {_told(figures['accuracy'])}, AUC {_told(figures['auc'])}"


def _of_statistics(found: Evaluated) -> str:
    """What the last row is, and a warning where models do hardly better."""
    if found.shortcut is None:
        return ""
    told = f"*{found.shortcut.scores.name}*: a logistic regression that never sees a picture. A model has to beat it."
    return f"\n{told} {found.shortcut.warning or ''}\n"


def _of_slices(found: Evaluated) -> str:
    """Where the candidate is at its worst."""
    lines = "".join(f"- {in_words(part, part.name)}\n" for part in worst(found.slices))
    return f"**Where {found.candidate} is at its worst**\n\n{lines}" if lines else ""


# Not retried: nothing outside this process takes part.
@stage(says, task_run_name="evaluate on the test set")
def evaluate(
    folder: Path, models: dict[str, Trained], manifest: Path, parts: Parts, positive: str, evaluation: Evaluation
) -> Evaluated:
    """Read each model's predictions, by its label; write its figures and its most confident mistakes.

    What a model has to beat is measured with them: statistics of the images alone, on the same split. The candidate is
    best on validation; a control (random frozen layers) is one only where there is nothing else.
    """
    predictions = {label: pd.read_parquet(model.folder / "predictions.parquet") for label, model in models.items()}
    images, divided = read_manifest(manifest), pd.read_parquet(parts.path)
    with building(folder) as aside:
        found = tuple(
            _measured(aside, n, models[n], with_truths(rows, images), positive, evaluation)
            for n, rows in predictions.items()
        )
        baseline = shortcut(images, divided, predictions, positive, evaluation)
        best = choose(tuple(scores for scores in found if not models[scores.name].control) or found)
        test = scored(calibrated_rows(predictions[best.name], best.calibration), "test")
        parts_of_it = slices(test, images, positive, best.threshold, evaluation.bootstrap, evaluation.slice_images)
        unsure = abstention(test, positive, best.threshold, best.band, evaluation.bootstrap) if best.band else None
        scores = [json.loads(s.to_json()) for s in (*found, baseline.scores)]
        (aside / "scores.json").write_text(json.dumps(scores, indent=1))
    review = review_of(divided, images)
    return Evaluated(folder, found, best.name, baseline, parts_of_it, unsure, review)


def _measured(
    aside: Path, label: str, model: Trained, predictions: pd.DataFrame, positive: str, evaluation: Evaluation
) -> Scores:
    scores = score(label, model.weights_digest, predictions, positive, evaluation)
    said = calibrated_rows(predictions, scores.calibration)
    said.to_parquet(aside / f"{label}-predictions.parquet", index=False)
    test = scored(said, "test")
    mistakes = confident_mistakes(test, positive, scores.threshold, evaluation.mistakes)
    mistakes.to_parquet(aside / f"{label}-mistakes.parquet")
    return replace(scores, given=against_given(test, positive, scores.threshold, evaluation.bootstrap))
