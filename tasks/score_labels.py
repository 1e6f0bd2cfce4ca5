"""Score labels: how likely each is wrong, by models that never saw its patient, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from smearflow.data.duplicates import compared
from smearflow.data.label_scores import label_scores
from smearflow.data.manifest import read_manifest
from smearflow.errors import TrainingError
from smearflow.models.backbones import resolve
from smearflow.models.leases import our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import LabelSpec, TrainSpec
from smearflow.models.training import run_module
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Lecture, Model, Settings, Train
from smearflow.workspace import Workspace, building, digest_of
from tasks.doubt import is_head
from tasks.stage import Run, stage
from tasks.train import forget

Kind = Literal["fast", "full"]
TABLE = "label_scores.parquet"
SHOWN = 20  # of the worst
WHOLE = "compact"  # the network that judges where it is asked to: small, and soon taught
NOBODY = (
    "labels aren't scored: no frozen backbone of this run can say anything of them. `smearflow review` asks networks"
)


@dataclass(frozen=True)
class LabelledCells:
    """The cells whose labels are judged. ``digest``: of their content, labels, patients and copies, not their paths."""

    manifest: Path
    root: Path
    digest: str


@dataclass(frozen=True)
class ScoredLabels:
    """A score for each label: parquet of label_scores.COLUMNS and a column judge_NAME a judge, the worst label first.

    ``estimated``: the share of labels that the judges hold for wrong, 0-1, ``low`` and ``high`` its 95 % interval.
    """

    path: Path
    kind: Kind
    judges: tuple[str, ...]
    images: int
    estimated: float
    low: float
    high: float


def says(scored: ScoredLabels) -> str:
    worst = pd.read_parquet(scored.path, columns=["rank", "path", "label", "wrong", "copies"]).head(SHOWN)
    rows = "".join(
        f"| {rank} | {path} | {label} | {wrong:.2f} | {copies} |\n"
        for rank, path, label, wrong, copies in worst.fillna({"copies": ""}).to_numpy().tolist()
    )
    return f"""# About {scored.estimated:.1%} of {scored.images:,} labels are likely wrong

{scored.low:.1%} to {scored.high:.1%} by what {", ".join(scored.judges)} say of patients that they never saw.
They err on the same cells now and then, so that it may be more: a person who looks at random cells knows.

The worst {len(worst)}:

| | image | label | likely wrong | copies |
|---|---|---|---|---|
{rows}
Every label: `{scored.path}`. Look at them with `smearflow review`.
"""


def cells_to_judge(manifest: Path, root: Path) -> LabelledCells:
    """The labelled cells of a manifest: those that are used, and those whose copy bears another label."""
    rows = _to_judge(manifest)[["sha256", "label", "group", "cluster", "reason"]]
    return LabelledCells(manifest, root, digest_of(sorted(rows.astype(str).to_numpy().tolist())))


def _to_judge(manifest: Path) -> pd.DataFrame:
    rows = compared(read_manifest(manifest))
    return rows[rows["label"].notna()].reset_index(drop=True)


def score_labels_if_possible(
    run: Run, manifest: Path, root: Path, plans: Sequence[Plan], settings: Settings
) -> ScoredLabels | None:
    """The scores that ``labels.scores`` asks for; None, and the log says why, where nobody can judge.

    Fast ones come from features that training has left in the cache: after it is when to ask.
    """
    kind = settings.labels.scores
    if kind == "fast" and not any(plan.weights_file for plan in frozen_judges(plans)):  # a control knows nothing
        print(NOBODY)
        return None
    try:
        how = (settings.data, settings.augment, settings.train)
        return score_labels(run, cells_to_judge(manifest, root), tuple(plans), kind, *how, run.workspace)
    except TrainingError as error:
        print(f"labels aren't scored: {error}")
        return None


def frozen_judges(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """The frozen backbones whose features training needs: those with weights, else a control, which has none."""
    settled = [p for p in plans if is_head(p) and not p.error and "auto" not in (p.model.cut, p.model.input_size)]
    return tuple(plan for plan in settled if plan.weights_file) or tuple(settled[:1])


def whole_judge(plans: Sequence[Plan], how: Train) -> Plan:
    """The network that judges: the run's own, else WHOLE as it is by itself."""
    own = [p for p in plans if p.lecture is None and p.model.name == WHOLE]
    return own[0] if own else Plan(WHOLE, resolve(Model(name=WHOLE), None, how, Lecture()), None, None)


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.label_judges",), task_run_name="score labels", retries=1, retry_delay_seconds=5)
def score_labels(
    folder: Path,
    cells: LabelledCells,
    plans: tuple[Plan, ...],
    kind: Kind,
    data: Data,
    augment: Augment,
    how: Train,
    workspace: Workspace,
) -> ScoredLabels:
    """Have every label judged, and write down how likely each is wrong. Paths in it are the manifest's of that time.

    Raises TrainingError where there is one class alone, and as a training does.
    """
    rows = _to_judge(cells.manifest)
    if rows["label"].nunique() < 2:
        raise TrainingError("Labels of one class can't be judged: there is nothing to hold it against.", permanent=True)
    frozen, whole = frozen_judges(plans), (whole_judge(plans, how),) if kind == "full" else ()
    with building(folder) as aside:
        table, threads = aside / "rows.parquet", len(our_cores())
        rows.to_parquet(table, index=False)

        def judge(plan: Plan) -> TrainSpec:
            return TrainSpec(
                parts=table,
                root=cells.root,
                classes=data.classes,
                positive=data.positive,
                model=plan.model,
                weights_file=plan.weights_file,
                augment=augment,
                train=how,
                out=aside,
                engines=workspace.engines,
                features=workspace.features,
                checkpoints=workspace.checkpoints / folder.name,
                threads=threads,
            )

        told = aside / "spec.json"
        spec = LabelSpec(
            rows=table,
            positive=data.positive,
            seed=how.seed,
            frozen={plan.label: judge(plan) for plan in frozen},
            whole={plan.label: judge(plan) for plan in whole},
            divisions=1 if any(plan.weights_file for plan in frozen) else 2,
            out=aside,
            threads=threads,
        )
        told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        with overheard("labels") as hear:
            run_module("smearflow.models.label_judges", told, "labels", how.time_limit, hear)
        judges = pd.read_parquet(aside / "judges.parquet").drop(columns="sha256")
        scores, share = label_scores(rows, judges, data.positive)
        scores.to_parquet(aside / TABLE, index=False)
        table.unlink()
    forget(workspace, [folder])
    return ScoredLabels(folder / TABLE, kind, tuple(judges.columns), len(scores), share.value, share.low, share.high)
