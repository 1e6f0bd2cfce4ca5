"""Leakage: what a random split would have shown, where split.leakage_report asks for it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts, divide, parts_of
from smearflow.evaluation.scoring import Scores, score
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.settings import Evaluation, Settings, Split
from smearflow.workspace import building
from tasks.evaluate import Evaluated
from tasks.stage import Run, stage
from tasks.train import forget
from tasks.train_one import train

FIGURES = ("accuracy", "sensitivity", "specificity", "auc")


@dataclass(frozen=True)
class Leaked:
    """One model's figures with patients apart, and trained anew on the random split ``parts``."""

    parts: Parts
    apart: Scores
    random: Scores


def says(leaked: Leaked) -> str:
    rows = "".join(f"| {name} | {_told(leaked.apart, name)} | {_told(leaked.random, name)} |\n" for name in FIGURES)
    return f"""# {leaked.apart.name} on a random split: {leaked.parts.shared_groups:,} patients in more than one set

| | patients apart | random split |
|---|---|---|
{rows}
In brackets: 95 % interval by patient bootstrap. Only the figures with patients apart hold for new patients.
"""


def says_split(parts: Parts) -> str:
    return f"# A random split: {parts.shared_groups:,} of {parts.groups:,} groups are in more than one set\n"


def leakage_if_asked(
    run: Run, plans: Sequence[Plan], models: Mapping[str, Trained], parts: Parts, found: Evaluated, settings: Settings
) -> None:
    """Where split.leakage_report is true, train the fastest model on a random split of the same images too.

    It is there to be read: where that training fails, the run goes on, and its line in the summary says failed.
    """
    if not settings.split.leakage_report:
        return
    started = time.monotonic()
    name = fastest(models)
    plan = next(plan for plan in plans if plan.label == name)
    mixed = split_at_random.submit(run, parts, settings.split).result()
    plan = replace(plan, label=f"{name} on a random split")
    future = train.submit(run, plan, mixed, settings.data, settings.augment, settings.train, run.workspace, Crowd(1))
    future.wait()
    if future.state.is_completed():
        forget(run.workspace, [future.result().folder])
        leakage(run, mixed, found.by_name[name], future.result(), settings.data.positive, settings.evaluation)
    else:
        run.note("leakage", "failed", started)


def fastest(models: Mapping[str, Trained]) -> str:
    """The model that took the shortest to train; a control (random frozen layers) only where there is nothing else."""
    return min(models, key=lambda name: (models[name].control, models[name].train_seconds))


@stage(says_split, task_run_name="split at random")
def split_at_random(folder: Path, parts: Parts, how: Split) -> Parts:
    """The same images divided image by image, written as a split table."""
    table = divide(pd.read_parquet(parts.path), how.model_copy(update={"by": "image"}))
    with building(folder) as aside:
        table.to_parquet(aside / "split.parquet")
    return parts_of(table, folder / "split.parquet", parts.root)


@stage(says, task_run_name="compare with the random split")
def leakage(folder: Path, parts: Parts, apart: Scores, model: Trained, positive: str, evaluation: Evaluation) -> Leaked:
    """Measure ``model``, trained on the random split ``parts``, as its twin was measured that had patients apart."""
    predictions = pd.read_parquet(model.folder / "predictions.parquet")
    random = score(apart.name, model.weights_digest, predictions, positive, evaluation)
    with building(folder) as aside:
        (aside / "random.json").write_text(random.to_json())
    return Leaked(parts, apart, random)


def _told(scores: Scores, name: str) -> str:
    figure = scores.test[name]
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"
