"""Evaluate: measure each model on the untouched test set, at the threshold that validation gives."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.manifest import read_manifest
from smearflow.data.splitting import Parts
from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.evaluation.scoring import Scores, score, scored
from smearflow.evaluation.shortcut import Shortcut, shortcut
from smearflow.models.spec import Trained
from smearflow.settings import Evaluation
from smearflow.workspace import building
from tasks.stage import stage


@dataclass(frozen=True)
class Evaluated:
    """The figures of every trained model and of statistics alone, and where predictions and mistakes lie."""

    folder: Path
    scores: tuple[Scores, ...]
    shortcut: Shortcut | None = None

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def by_name(self) -> dict[str, Scores]:
        return {scores.name: scores for scores in self.scores}

    def mistakes(self, name: str) -> pd.DataFrame:
        """The most confident mistakes of one model (smearflow/evaluation/mistakes.py)."""
        return pd.read_parquet(self.folder / f"{name}-mistakes.parquet")


def says(found: Evaluated) -> str:
    baseline = (found.shortcut.scores,) if found.shortcut else ()
    rows = "".join(
        f"| {s.name} | {' | '.join(f'{i.value:.3f} ({i.low:.3f} to {i.high:.3f})' for i in s.test.values())} "
        f"| {s.threshold:.3f} | {s.validation_auc:.3f} |\n"
        for s in (*found.scores, *baseline)
    )
    names = " | ".join(found.scores[0].test)
    first = found.scores[0]
    unseen = f"{first.known_groups:,} of which were trained on too" if first.known_groups else "none of them trained on"
    return f"""# Measured on {first.images:,} images of {first.groups:,} groups, {unseen}

| model | {names} | threshold | AUC on validation |
|---|{"---|" * (len(found.scores[0].test) + 2)}
{rows}
In brackets: 95 % interval by patient bootstrap. The threshold comes from validation, never from test.
{_of_statistics(found)}"""


def _of_statistics(found: Evaluated) -> str:
    """What the last row is, and a warning where models do hardly better."""
    if found.shortcut is None:
        return ""
    told = f"*{found.shortcut.scores.name}*: a logistic regression that never sees a picture. A model has to beat it."
    return f"\n{told} {found.shortcut.warning or ''}\n"


# Not retried: nothing outside this process takes part.
@stage(says, task_run_name="evaluate on the test set")
def evaluate(
    folder: Path, models: dict[str, Trained], manifest: Path, parts: Parts, positive: str, evaluation: Evaluation
) -> Evaluated:
    """Read each model's predictions, by its label; write its figures and its most confident mistakes.

    What a model has to beat is measured with them: statistics of the images alone, on the same split.
    """
    predictions = {label: pd.read_parquet(model.folder / "predictions.parquet") for label, model in models.items()}
    divided = pd.read_parquet(parts.path)
    with building(folder) as aside:
        found = tuple(_measured(aside, n, models[n], rows, positive, evaluation) for n, rows in predictions.items())
        baseline = shortcut(read_manifest(manifest), divided, predictions, positive, evaluation)
        scores = [json.loads(s.to_json()) for s in (*found, baseline.scores)]
        (aside / "scores.json").write_text(json.dumps(scores, indent=1))
    return Evaluated(folder, found, baseline)


def _measured(
    aside: Path, label: str, model: Trained, predictions: pd.DataFrame, positive: str, evaluation: Evaluation
) -> Scores:
    scores = score(label, model.weights_digest, predictions, positive, evaluation)
    mistakes = confident_mistakes(scored(predictions, "test"), positive, scores.threshold, evaluation.mistakes)
    mistakes.to_parquet(aside / f"{label}-mistakes.parquet")
    return scores
