"""Doubt: ask models about the labels of training images whose patients they never saw."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.overlay import Reviewed, standing
from smearflow.data.splitting import Parts, parts_of
from smearflow.models.backbones import find
from smearflow.models.jobs import Job, spec_of
from smearflow.models.leases import Crowd, our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import DoubtSpec
from smearflow.models.training import run_module
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Train
from smearflow.workspace import Workspace, building, digest_of
from tasks.stage import stage
from tasks.train import forget

DOUBTED = "doubted"  # the set of those that are left out, in the split table that training reads
NOBODY = "no model of this run can: neither a network that is trained whole, nor a frozen one with weights and a cut"


@dataclass(frozen=True)
class Doubted:
    """What is said of the training labels, and by whom; ``counts``: how many of each class are in doubt.

    ``digest``: of ``scores``, a parquet of the training images: path, sha256, label, group, probability of the positive
    class, and whether people decided the label (decided), whether it is in doubt (doubted), what it weighs (weight).
    Two splits come of it: ``parts`` is without the doubted images, ``weighed`` has the weights beside all of them.
    """

    scores: Path
    digest: str
    judges: tuple[str, ...]
    counts: dict[str, int]
    parts: Parts
    weighed: Parts


def says(found: Doubted) -> str:
    rows = "".join(f"| {name} | {count:,} |\n" for name, count in found.counts.items())
    return f"""# {sum(found.counts.values()):,} training labels are in doubt

{" and ".join(found.judges)}, fitted on other patients, speak{"" if len(found.judges) > 1 else "s"} against them most.
What people decided is not in doubt. Validation and test aren't judged.

| label | in doubt |
|---|---|
{rows}
Every training image and what is said of it: `{found.scores}`.
"""


def judges_of(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Who judges labels: the frozen backbones with weights, whose features training needs anyway; else one network."""
    frozen = tuple(plan for plan in plans if _says_something(plan))
    return frozen or tuple(itertools.islice(filter(is_whole_network, plans), 1))


def is_head(plan: Plan) -> bool:
    """Whether a linear head on frozen layers is all that is fitted."""
    return plan.lecture is None and plan.model.trainable == "head" and find(plan.model.name).frozen


def is_whole_network(plan: Plan) -> bool:
    """Whether it is a network whose every weight is fitted from the start, by our recipe."""
    return plan.lecture is None and not find(plan.model.name).frozen


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
    reviewed: Reviewed,
    suspects: float,
    data: Data,
    augment: Augment,
    how: Train,
    workspace: Workspace,
) -> Doubted:
    """Judge the training labels; write what is said of each, and the splits that come of it.

    ``suspects``: the share of training images that are in doubt.
    """
    with building(folder) as aside:
        table = pd.read_parquet(parts.path)
        jobs = [Job(folder, plan, parts, data, augment, how, workspace, Crowd(1)) for plan in judges]
        threads = len(our_cores())
        told = aside / "spec.json"
        spec = DoubtSpec(
            judges=tuple(spec_of(job, aside, (), threads) for job in jobs),
            suspects=suspects,
            decided=_decided(reviewed, table, data),
            out=aside,
            threads=threads,
        )
        told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        with overheard("labels") as hear:
            run_module("smearflow.models.doubts", told, "labels", how.time_limit, hear)
        scores = pd.read_parquet(aside / "doubts.parquet")
        splits = {"split.parquet": without(table, scores), "weighed.parquet": weighed(table, scores)}
        for name, split in splits.items():
            split.to_parquet(aside / name, index=False)
    forget(workspace, [folder])
    of_class = scores.loc[scores["doubted"], "label"].value_counts()
    kept, weighing = (parts_of(split, folder / name, parts.root, parts.left_out) for name, split in splits.items())
    return Doubted(
        scores=folder / "doubts.parquet",
        digest=digest_of(scores.drop(columns="path").to_numpy().tolist()),
        judges=tuple(plan.label for plan in judges),
        counts={name: int(of_class.get(name, 0)) for name in data.classes},
        parts=kept,
        weighed=weighing,
    )


def without(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The split table with the images that are ``doubted`` in a set that nothing is fitted on."""
    doubted = scores.loc[scores["doubted"], "path"]
    return table.assign(split=table["split"].mask(table["path"].isin(doubted), DOUBTED))


def weighed(table: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The split table with the column ``weight``: 1 where nothing is said of the label."""
    weights = table["path"].map(scores.set_index("path")["weight"]).fillna(1.0)
    return table.assign(weight=weights.astype("float32"))


def _decided(reviewed: Reviewed, table: pd.DataFrame, data: Data) -> tuple[str, ...]:
    """The sha256 of the images of ``table`` to which people gave a class, the given one or another."""
    found = standing(pd.read_parquet(reviewed.path), table)
    return tuple(found.index[found["decided"].isin(data.classes)])
