"""Order cells: cells without labels as a queue for a person, the most helpful first."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.helpful import in_helpful_order
from smearflow.data.manifest import read_manifest, usable
from smearflow.errors import UsageError
from smearflow.workspace import building
from tasks.score import Scored
from tasks.stage import stage


@dataclass(frozen=True)
class Queue:
    """Cells that wait for a label (parquet of data/helpful.COLUMNS); ``doubted``: whether a champion had its say."""

    path: Path
    cells: int
    slides: int
    doubted: bool


def says(queue: Queue) -> str:
    how = "where the champion is unsure, " if queue.doubted else ""
    return f"""# {queue.cells:,} cells of {queue.slides:,} slides wait for a label

In the order in which labels help most: {how}unlike those before, few from one slide. All: `{queue.path}`.
"""


@stage(says, task_run_name="order cells that wait for a label")
def order_cells(folder: Path, manifest: Path, scored: Scored | None) -> Queue:
    """Order the usable cells of ``manifest`` that have no label; ``scored``: what the champion says of them.

    Raises UsageError where there is none.
    """
    rows = usable(read_manifest(manifest))
    waiting = rows[rows["label"].isna()]
    if waiting.empty:
        raise UsageError(
            f"No cell waits for a label: of {len(rows):,} that can be used each lies in a class folder.",
            "To look at labels that there are, leave --cells out and name the folder: --data FOLDER.",
        )
    queue = in_helpful_order(waiting.assign(probability=_said(waiting["sha256"], scored)))
    with building(folder) as aside:
        queue.to_parquet(aside / "queue.parquet", index=False)
    return Queue(folder / "queue.parquet", len(queue), int(queue["slide"].nunique()), scored is not None)


def _said(cells: "pd.Series[str]", scored: Scored | None) -> "pd.Series[float]":
    """The champion's probability of each of ``cells`` (sha256), null where it wasn't asked."""
    if scored is None:
        return pd.Series(float("nan"), index=cells.index)
    known = pd.read_parquet(scored.path).drop_duplicates("sha256").set_index("sha256")
    return cells.map(known["probability"]).astype("float64")
