"""Good enough, else back to training: further rounds, judged on validation alone, before the test set is opened."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts
from smearflow.errors import TrainingError
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.rules import FLOORS, floor
from smearflow.evaluation.scoring import on_validation
from smearflow.models.jobs import LOCAL, Workers
from smearflow.models.plans import Plan
from smearflow.models.rounds import Round, next_round
from smearflow.models.spec import Trained
from smearflow.settings import Gate, Settings
from tasks.stage import Run
from tasks.train import train_all

LEAST = 10  # seconds that a search must have left for a round to begin


def back_to_training(
    run: Run,
    plans: Sequence[Plan],
    models: Mapping[str, Trained],
    splits: Mapping[str, Parts],
    settings: Settings,
    workers: Workers = LOCAL,
) -> dict[str, Trained]:
    """``models``, and those of further rounds where none holds to the floors on validation: up to ``gate.rounds``.

    The first goes by a longer recipe, the others search for ``gate.minutes`` in all. A round that fails ends them.
    """
    found, searched_for = dict(models), 60 * settings.gate.minutes
    for number in range(1, settings.gate.rounds + 1):
        missed = short_on_validation(found, settings)
        if not missed or (number > 1 and searched_for < LEAST):
            break
        tried = next_round(number, plans, settings.train)
        limit = settings.train.time_limit if number == 1 else min(settings.train.time_limit, int(searched_for))
        print(f"round {number + 1}: back to training with {tried.says}, because on validation {missed}")
        started = time.monotonic()
        try:
            found |= _trained(run, tried, splits, settings, limit, workers)
        except TrainingError as error:
            print(f"round {number + 1} came to nothing: {error}")
            break
        searched_for -= time.monotonic() - started if number > 1 else 0
    return found


def short_on_validation(models: Mapping[str, Trained], settings: Settings) -> str | None:
    """What the best of ``models`` misses on validation, in words; None where one of them holds to every floor there."""
    figures = {label: _figures(model.folder, settings) for label, model in models.items()}
    missed = {label: _missed(found, settings.gate) for label, found in figures.items()}
    if not all(missed.values()):
        return None
    best = max(figures, key=lambda label: figures[label]["auc"].value)
    return f"{best} misses what is asked: {missed[best]}"


def _figures(folder: Path, settings: Settings) -> dict[str, Interval]:
    predictions = pd.read_parquet(folder / "predictions.parquet")
    return on_validation(predictions, settings.data.positive, settings.evaluation)


def _missed(figures: Mapping[str, Interval], gate: Gate) -> str:
    checks = [floor(name, figures[name], getattr(gate, name)) for name in FLOORS]
    return "; ".join(check.says for check in checks if check.state == "fail")


def _trained(
    run: Run, tried: Round, splits: Mapping[str, Parts], settings: Settings, limit: int, workers: Workers
) -> dict[str, Trained]:
    """The models of a round, by their labels, each with a note of how it came about."""
    before = run.reached["train"]
    own = {plan.label: splits[plan.label.rpartition(" round ")[0]] for plan in tried.plans}
    how = settings.model_copy(update={"train": tried.how.model_copy(update={"time_limit": max(LEAST, limit)})})
    try:
        models = train_all(run, tried.plans, own, how, workers)
    finally:
        attempts = [a for a in run.reached["train"] if a not in before]
        noted = [replace(a, trained=_noted(a.trained, tried)) if a.trained else a for a in attempts]
        run.reached["train"] = [*before, *noted]
    return {label: _noted(model, tried) for label, model in models.items()}


def _noted(model: Trained, tried: Round) -> Trained:
    told = f"round {tried.number + 1}: {tried.says}"
    return model.model_copy(update={"note": "; ".join(filter(None, (model.note, told)))})
