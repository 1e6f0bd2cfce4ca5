"""Which backbones a run will train, settled before any work starts: their settings resolved, their weights found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smearflow.errors import MissingPart
from smearflow.models.backbones import resolve
from smearflow.models.weights import find_weights
from smearflow.settings import Lecture, Model, Settings
from smearflow.workspace import digest_of, file_digest


@dataclass(frozen=True)
class Plan:
    """One backbone to train. ``label`` is its name, numbered where a run has several of that name."""

    label: str
    model: Model
    weights_file: Path | None
    weights_digest: str | None
    lecture: Lecture | None = None  # how it is fitted, where its recipe is the lecture's
    error: str | None = None  # why it can't be trained
    robust: str = "none"  # how its network learns in spite of wrong labels: a way of `labels.robust`

    @property
    def digest(self) -> str:
        """What the training depends on: where the weights lie isn't part of it."""
        lecture = self.lecture.keyed() if self.lecture else None
        return digest_of(self.model.keyed(), self.weights_digest, lecture, self.robust)


def plan_models(settings: Settings) -> tuple[Plan, ...]:
    """A plan an entry of ``models``, in order; one without weights carries the reason.

    Raises SettingsError for an unknown name, and MissingPart where no backbone is left to train.
    """
    models = [resolve(model, settings.weights, settings.train, settings.lecture) for model in settings.models]
    plans = tuple(_plan(label, model, settings.lecture) for label, model in zip(_labels(models), models, strict=True))
    if all(plan.error for plan in plans):
        raise MissingPart("No backbone is left to train.\n" + "\n".join(str(plan.error) for plan in plans))
    return plans


def _plan(label: str, model: Model, lecture: Lecture) -> Plan:
    try:
        weights = find_weights(model)
    except MissingPart as error:
        return Plan(label, model, None, None, error=str(error))
    how = lecture if model.recipe == "lecture" else None
    return Plan(label, model, weights, file_digest(weights) if weights else None, how)


def _labels(models: Iterable[Model]) -> list[str]:
    seen: Counter[str] = Counter()
    labels = []
    for model in models:
        seen[model.name] += 1
        labels.append(model.name if seen[model.name] == 1 else f"{model.name} {seen[model.name]}")
    return labels
