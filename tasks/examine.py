"""Examine: make the candidate ready to serve, see whether it still says what was measured, and where it looks."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts
from smearflow.models.leases import our_cores
from smearflow.models.spec import ExamineSpec, Ready, Trained
from smearflow.models.training import run_module
from smearflow.progress import overheard
from smearflow.settings import Evaluation
from smearflow.workspace import building
from tasks.evaluate import Evaluated
from tasks.stage import stage

HERE = {"KERAS_BACKEND": "tensorflow"}  # heat maps are TensorFlow's; a saved network is of no backend


@dataclass(frozen=True)
class Examined:
    """The candidate ``name`` as it will serve.

    ``bundle``: whole but for reference and card; ``heat``: heatmaps.parquet (smearflow/models/heatmaps.py), whose
    pictures are in ``folder``; the rest as in smearflow.models.spec.Ready.
    """

    folder: Path
    name: str
    size_mb: float
    latency_ms: float
    parity: float
    novelty: dict[str, float]

    @property
    def digest(self) -> str:
        return self.folder.name

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def heat(self) -> Path:
        return self.folder / "heatmaps.parquet"


def says(found: Examined) -> str:
    heat = pd.read_parquet(found.heat)
    strangers = "".join(f"| {kind} | {share:.1%} |\n" for kind, share in found.novelty.items())
    inside = {kind: heat.loc[heat["kind"] == kind, "share_inside"] for kind in sorted(set(heat["kind"]))}
    looked = "".join(f"| {_words(kind)} | {len(each):,} | {_half(each)} |\n" for kind, each in inside.items())
    return f"""# {found.name} as it will serve: {found.size_mb:.2f} MiB, {found.latency_ms:.1f} ms an image

One image at a time on this machine's CPU. Loaded again, it differs from what was measured by up to {found.parity:.0e}.

| images | called out of distribution |
|---|---|
{strangers}
| answers | images | median share of the heat that lies on the cell |
|---|---|---|
{looked}
Heat, {heat["resolution"].max()} places a side, is what speaks for the positive class.
"""


def _half(shares: "pd.Series[float]") -> str:
    """The share that half of them lie above. A network that has learnt nothing has no heat anywhere."""
    return f"{shares.median():.0%}" if shares.notna().any() else "no heat"


def _words(kind: str) -> str:
    return kind.replace("_", " ")


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.examine",), task_run_name="examine {model.name}", retries=1, retry_delay_seconds=5)
def examine(
    folder: Path,
    evaluated: Evaluated,
    model: Trained,
    parts: Parts,
    evaluation: Evaluation,
    time_limit: int,
) -> Examined:
    """Have the candidate's bundle made whole, loaded again, timed and explained, in a process of its own."""
    scores = evaluated.judged
    with building(folder) as aside, overheard("examine") as hear:
        told = aside / "spec.json"
        spec = ExamineSpec(
            bundle=model.folder / "bundle",
            predictions=evaluated.predictions(scores.name),
            root=parts.root,
            threshold=scores.threshold,
            calibration=scores.calibration.facts(),
            unsure=scores.band,
            novelty=evaluation.novelty,
            heatmaps=evaluation.heatmaps,
            mistakes=evaluation.mistakes,
            out=aside,
            threads=len(our_cores()),
        )
        told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
        run_module("smearflow.models.examine", told, f"examine {scores.name}", time_limit, hear, HERE)
        ready = Ready.model_validate_json((aside / "result.json").read_text(encoding="utf-8"))
    return Examined(folder, scores.name, **ready.model_dump())
