"""Score: what the champion says of each cell of a batch."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.manifest import Manifest, read_manifest, usable
from smearflow.models.spec import ScoreSpec
from smearflow.models.training import run_module
from smearflow.registry.champion import Champion
from smearflow.workspace import building
from tasks.stage import stage


@dataclass(frozen=True)
class Scored:
    """The manifest's rows with the column probability (parquet), null where a cell is left out; how many have one."""

    path: Path
    cells: int

    @property
    def digest(self) -> str:
        return self.path.parent.name


def says(scored: Scored) -> str:
    return f"# {scored.cells:,} cells scored\n\nEach with its probability in `{scored.path}`."


# Retried once: a process that the machine ended for want of memory may find more of it a moment later.
@stage(
    says,
    code=("smearflow.models.scorer",),
    task_run_name="score {manifest.images} cells",
    retries=1,
    retry_delay_seconds=5,
)
def score(folder: Path, manifest: Manifest, root: Path, champion: Champion, bundle: Path, time_limit: int) -> Scored:
    """Score the usable cells below ``root`` in a process of its own: TensorFlow stays out of this one."""
    rows = read_manifest(manifest.path)
    with building(folder) as aside:
        probability = _scores(aside, usable(rows), root, champion, bundle, time_limit)
        cells = rows.assign(probability=rows["path"].map(probability).astype("float64"))
        cells.to_parquet(aside / "scored.parquet", index=False)
    return Scored(folder / "scored.parquet", int(cells["probability"].notna().sum()))


def _scores(
    aside: Path, rows: pd.DataFrame, root: Path, champion: Champion, bundle: Path, time_limit: int
) -> dict[str, float]:
    """Probability by path."""
    if rows.empty:
        return {}
    told, parts, out = (aside / name for name in ("spec.json", "parts.parquet", "scores.parquet"))
    rows[["path"]].assign(split="batch").to_parquet(parts, index=False)
    spec = ScoreSpec(bundle=bundle, parts=parts, root=root, split="batch", out=out, threads=2)
    told.write_text(spec.model_dump_json(indent=1))
    run_module("smearflow.models.scorer", told, f"champion {champion.model}", time_limit, print)
    found = pd.read_parquet(out)
    return dict(zip(found["path"], found["probability"], strict=True))
