"""Doubt: leave out of training the images whose labels models contradict most that never saw their patients."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts, parts_of
from smearflow.errors import TrainingError
from smearflow.models.backbones import find
from smearflow.models.jobs import Job, spec_of
from smearflow.models.leases import Crowd, our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import DoubtSpec
from smearflow.models.training import run_module
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Labels, Settings, Train
from smearflow.workspace import Workspace, building
from tasks.stage import Run, stage

DOUBTED = "doubted"  # the set of those that are left out, in the split table that training reads
NOBODY = "no model of this run can: neither a network that is trained whole, nor a frozen one with weights and a cut"


@dataclass(frozen=True)
class Doubted:
    """The split to train on, who judged the labels, and how many of each class are left out.

    ``scores``: parquet of the training images: path, sha256, label, group, probability of the positive class, doubted.
    """

    parts: Parts
    scores: Path
    judges: tuple[str, ...]
    left_out: dict[str, int]


def says(found: Doubted) -> str:
    rows = "".join(f"| {name} | {count:,} |\n" for name, count in found.left_out.items())
    return f"""# {sum(found.left_out.values()):,} training images are left out: their labels are in doubt

{" and ".join(found.judges)}, fitted on other patients, speak{"" if len(found.judges) > 1 else "s"} against them most.
Linear heads are fitted on every image all the same, and validation and test keep theirs.

| label | left out |
|---|---|
{rows}
Every training image and what is said of it: `{found.scores}`.
"""


def splits_to_train_on(run: Run, plans: Sequence[Plan], parts: Parts, settings: Settings) -> dict[str, Parts]:
    """The split that each backbone trains on, by label: ``parts``, or that without the labels in doubt.

    Linear heads keep every image: they can't learn a wrong label by heart, and it is mostly they who doubt it.
    Where labels can't be judged, all is trained on, and log and summary say why.
    """
    trusted = parts if settings.labels.robust == "none" else _trusted(run, plans, parts, settings)
    return by_backbone(plans, parts, trusted)


def left_out_of(run: Run) -> int:
    """How many training images ``run`` left out because their labels are in doubt."""
    found: Doubted | None = run.reached.get("doubt")
    return sum(found.left_out.values()) if found else 0


def by_backbone(plans: Sequence[Plan], parts: Parts, trusted: Parts) -> dict[str, Parts]:
    """``parts`` for linear heads, ``trusted`` for all else, by label."""
    return {plan.label: parts if is_head(plan) else trusted for plan in plans}


def _trusted(run: Run, plans: Sequence[Plan], parts: Parts, settings: Settings) -> Parts:
    judges = judges_of(plans)
    if not judges:
        print(f"labels aren't judged: {NOBODY}")
        return parts
    try:
        how = (settings.data, settings.augment, settings.train, settings.labels)
        return doubt(run, parts, judges, *how, run.workspace).parts
    except TrainingError as error:
        print(f"labels aren't judged: {error}")
        return parts


def is_head(plan: Plan) -> bool:
    """Whether a linear head on frozen layers is all that is fitted."""
    return plan.lecture is None and plan.model.trainable == "head" and find(plan.model.name).frozen


def judges_of(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Who judges labels: the frozen backbones with weights, whose features training needs anyway; else one network."""
    frozen = tuple(plan for plan in plans if _says_something(plan))
    whole = (plan for plan in plans if plan.lecture is None and not find(plan.model.name).frozen)
    return frozen or tuple(itertools.islice(whole, 1))


def _says_something(plan: Plan) -> bool:
    """Whether its features say something of an image, and are those that it is trained on: frozen, with weights."""
    settled = plan.model.cut != "auto" and plan.model.input_size != "auto"
    return is_head(plan) and settled and plan.weights_file is not None


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.doubts",), task_run_name="doubt labels", retries=1, retry_delay_seconds=5)
def doubt(
    folder: Path,
    parts: Parts,
    judges: tuple[Plan, ...],
    data: Data,
    augment: Augment,
    how: Train,
    labels: Labels,
    workspace: Workspace,
) -> Doubted:
    """Judge the training labels, and write the split without those that are doubted, and what was said of each."""
    with building(folder) as aside:
        jobs = [Job(folder, plan, parts, data, augment, how, workspace, Crowd(1)) for plan in judges]
        threads = len(our_cores())
        told = aside / "spec.json"
        spec = DoubtSpec(
            judges=tuple(spec_of(job, aside, (), threads) for job in jobs),
            suspects=labels.suspects,
            out=aside,
            threads=threads,
        )
        told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        with overheard("labels") as hear:
            run_module("smearflow.models.doubts", told, "labels", how.time_limit, hear)
        scores = pd.read_parquet(aside / "doubts.parquet")
        doubted = scores[scores["doubted"]]
        divided = without(pd.read_parquet(parts.path), doubted["path"])
        divided.to_parquet(aside / "split.parquet", index=False)
    return Doubted(
        parts=parts_of(divided, folder / "split.parquet", parts.root, parts.left_out),
        scores=folder / "doubts.parquet",
        judges=tuple(plan.label for plan in judges),
        left_out={name: int((doubted["label"] == name).sum()) for name in data.classes},
    )


def without(divided: pd.DataFrame, doubted: pd.Series) -> pd.DataFrame:
    """The split table with the training images ``doubted`` (paths) in a set that nothing is fitted on."""
    return divided.assign(split=divided["split"].mask(divided["path"].isin(doubted), DOUBTED))
