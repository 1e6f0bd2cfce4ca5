"""Combine: trained models whose mean logit is a model of its own, beside them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from smearflow.data.splitting import Parts
from smearflow.errors import SettingsError
from smearflow.models.leases import our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import EnsembleSpec, Trained
from smearflow.models.training import run_ensemble
from smearflow.settings import Data, Model, Settings
from smearflow.workspace import building
from tasks.stage import Run, common_state, stage
from tasks.train import Attempt, attempt_of
from tasks.train_one import says


@stage(says, code=("smearflow.models.ensemble",), task_run_name="combine {name}")
def combine(
    folder: Path, name: str, members: tuple[Trained, ...], parts: Parts, data: Data, time_limit: int
) -> Trained:
    """Load the members, assemble them, hold that against their own predictions, keep it as a trainer's result."""
    with building(folder) as aside:
        spec = EnsembleSpec(
            name=name,
            members=members,
            parts=parts.path,
            root=parts.root,
            classes=data.classes,
            positive=data.positive,
            out=aside,
            threads=len(our_cores()),
        )
        combined = run_ensemble(spec, time_limit, print)
    return combined.model_copy(update={"folder": folder})


def check_ensembles(plans: Sequence[Plan], settings: Settings) -> None:
    """Before any work: raises SettingsError where an ensemble names no model of the run, or sizes differ."""
    known = {plan.label: plan.model.input_size for plan in plans}
    for labels in settings.ensembles:
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise SettingsError(f"ensembles: there is no {', '.join(unknown)} in models", f"Known: {', '.join(known)}.")
        sizes = {label: known[label] for label in labels}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{label} {size} px" for label, size in sizes.items())
            raise SettingsError(
                f"ensembles: {' + '.join(labels)} see different pixels: {told}", "Give its members one input_size."
            )


def with_ensembles(run: Run, models: Mapping[str, Trained], parts: Parts, settings: Settings) -> dict[str, Trained]:
    """``models``, and each ensemble of which all members could be trained; the others are noted down."""
    started, states = time.monotonic(), []
    found = dict(models)
    for labels in settings.ensembles:
        name = " + ".join(labels)
        plan = Plan(name, Model(name=name), None, None)
        missing = [label for label in labels if label not in models]
        if missing:
            run.reached["train"].append(Attempt(plan, None, f"{', '.join(missing)} could not be trained"))
            continue
        members = tuple(models[label] for label in labels)
        future = combine.submit(run, name, members, parts, settings.data, settings.train.time_limit)
        attempt = attempt_of(plan, future)
        states.append(future.state)
        run.reached["train"].append(attempt)
        found |= {name: attempt.trained} if attempt.trained else {}
    if states:
        run.note("combine", common_state(states), started)
    return found
