"""Robust: how networks learn in spite of wrong labels, as `labels.robust` says, or as is compared to be best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smearflow.data.overlay import Reviewed
from smearflow.data.splitting import Parts
from smearflow.errors import TrainingError
from smearflow.models.jobs import Job, spec_of
from smearflow.models.leases import Crowd, our_cores
from smearflow.models.plans import Plan
from smearflow.models.spec import ComparedWay, ComparedWays, WaysSpec
from smearflow.models.training import run_module
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Settings, Train
from smearflow.workspace import Workspace, building
from tasks.doubt import NOBODY, Doubted, doubt, is_head, is_whole_network, judges_of
from tasks.stage import Run, stage
from tasks.train import forget

AUTO, NONE = "auto", "none"
JUDGED = ("drop_suspects", "reweight")  # ways that go by what is said of each label
ALONE = "no network of this run is trained whole, so that ways can't be compared"


@dataclass(frozen=True)
class Compared:
    """What each way does on training patients that its networks never saw; ``images``: how many of ``judged`` count."""

    network: str
    ways: tuple[ComparedWay, ...]
    images: int
    judged: int

    @property
    def chosen(self) -> str:
        return next(each.way for each in self.ways if each.chosen)


def says(found: Compared) -> str:
    rows = "".join(
        f"| {'**' if w.chosen else ''}{w.way}{'**' if w.chosen else ''} | {w.accuracy:.4f} "
        f"| {w.gain:+.4f} | {w.low:+.4f} to {w.high:+.4f} |\n"
        for w in found.ways
    )
    surely = "is surely better than none" if found.chosen != NONE else "no way is surely better"
    return f"""# {found.chosen}: {surely} at learning in spite of wrong labels

| way | accuracy | gain over none | 95 % interval |
|---|---|---|---|
{rows}
{found.network}, trained on half of the training patients by each way and asked about the others. Of {found.judged:,}
images {found.images:,} count: those that people decided about, or whose labels no model contradicts that never saw
their patients. They are the easier ones, and short trainings learn fewer wrong labels by heart.
"""


def lessons(
    run: Run, plans: Sequence[Plan], parts: Parts, settings: Settings, reviewed: Reviewed
) -> tuple[tuple[Plan, ...], dict[str, Parts]]:
    """The plans as they are trained, and the split that each learns from, by label.

    Linear heads learn from all as it is: they can't learn a wrong label by heart, and it is mostly they who doubt it.
    Where labels can't be judged, or ways not be compared, networks do so too, and log and summary say why.
    """
    try:
        _prepare(run, plans, parts, settings, reviewed)
    except TrainingError as error:
        print(f"labels.robust={settings.labels.robust} comes to nothing: {error}")
    return taught(plans, parts, way_taken(run), run.reached.get("doubt"))


def taught(
    plans: Sequence[Plan], parts: Parts, way: str, found: Doubted | None
) -> tuple[tuple[Plan, ...], dict[str, Parts]]:
    """``plans`` that learn by ``way`` where they aren't heads, and the splits that they learn from, by label."""
    choices = {"drop_suspects": found.parts, "reweight": found.weighed} if found else {}
    trusted = choices.get(way, parts)
    own = tuple(plan if is_head(plan) else replace(plan, robust=way) for plan in plans)
    return own, {plan.label: parts if is_head(plan) else trusted for plan in plans}


def way_taken(run: Run) -> str:
    """How networks of ``run`` learn in spite of wrong labels: `none` where what was asked for can't be had."""
    asked = run.settings.labels.robust
    if asked == AUTO:
        found: Compared | None = run.reached.get("compare_ways")
        return found.chosen if found else NONE
    return NONE if asked in JUDGED and "doubt" not in run.reached else asked


def left_out_of(run: Run) -> int:
    """How many training images ``run`` left out because their labels are in doubt."""
    found: Doubted | None = run.reached.get("doubt")
    return sum(found.counts.values()) if found and way_taken(run) == "drop_suspects" else 0


def why_not(run: Run) -> str | None:
    """Why networks of ``run`` don't learn as was asked for; None where they do."""
    asked, done = run.settings.labels.robust, {stage.name for stage in run.stages}
    if asked not in (AUTO, *JUDGED) or (asked == AUTO and "compare_ways" in run.reached):
        return None
    if "doubt" not in run.reached:
        return "judging labels failed, as the log says" if "doubt" in done else NOBODY
    if asked == AUTO:
        return "comparing failed, as the log says" if "compare_ways" in done else ALONE
    return None


def _prepare(run: Run, plans: Sequence[Plan], parts: Parts, settings: Settings, reviewed: Reviewed) -> None:
    """Have labels judged and ways compared, where `labels.robust` asks for it. Raises TrainingError."""
    asked, judges = settings.labels.robust, judges_of(plans)
    if asked not in (AUTO, *JUDGED):
        return
    if not judges:
        raise TrainingError(NOBODY)
    how = (settings.data, settings.augment, settings.train, run.workspace)
    found = doubt(run, parts, judges, reviewed, settings.labels.suspects, *how)
    if asked == AUTO:
        network = next(filter(is_whole_network, plans), None)
        if network is None:
            raise TrainingError(ALONE)
        compare_ways(run, network, parts, found, *how)


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.ways",), task_run_name="compare ways", retries=1, retry_delay_seconds=5)
def compare_ways(
    folder: Path,
    network: Plan,
    parts: Parts,
    doubted: Doubted,
    data: Data,
    augment: Augment,
    how: Train,
    workspace: Workspace,
) -> Compared:
    """Train ``network`` in short by each way on half of the training patients, and ask it about the others."""
    with building(folder) as aside:
        job = Job(folder, network, parts, data, augment, how, workspace, Crowd(1))
        spec = WaysSpec(
            network=spec_of(job, aside, (), len(our_cores())),
            judged=doubted.scores,
            out=aside,
        )
        told = aside / "spec.json"
        told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        with overheard("ways") as hear:
            run_module("smearflow.models.ways", told, "ways", how.time_limit, hear)
        found = ComparedWays.model_validate_json((aside / "result.json").read_text(encoding="utf-8"))
    forget(workspace, [folder])
    return Compared(network.label, found.ways, found.images, found.judged)
