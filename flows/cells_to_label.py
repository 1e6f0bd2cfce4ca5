"""Cells without labels, in the order in which labels help most: what `smearflow review --cells` shows."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow

from flows.recording import new_id, note_process
from smearflow.data.manifest import Manifest
from smearflow.data.scanning import HERE
from smearflow.data.sources import Source
from smearflow.models.training import end_all
from smearflow.monitoring.batches import Batch
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.succession import champion_now, seat_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.gather import gather
from tasks.order_cells import order_cells
from tasks.scan import memory_of, scan
from tasks.score import Scored, score
from tasks.stage import Run


@dataclass(frozen=True)
class ToLabel:
    """``queue``: parquet of data/helpful.COLUMNS, most helpful first, whose paths are below ``root``."""

    queue: Path
    root: Path


@flow(name="cells-to-label", log_prints=True)
def cells_to_label(
    cells: Path,
    settings: Settings = Settings(),  # noqa: B008
    workspace: Path = Path("workspace"),
) -> ToLabel:
    """Scan the cells below a folder, let the champion say what it thinks of them, put them into order. Moves nothing.

    Args:
        cells: Folder of cells; those in class folders are passed by.
        settings: Everything that the run can be told.
        workspace: Folder that everything is kept in.
    """
    run = Run("review", settings, Workspace.at(workspace), new_id())
    note_process(run.workspace)
    try:
        source = gather(run, Batch(run.run_id, cells.expanduser().absolute(), dropped=False), settings.data)
        each = settings.data.model_copy(update={"group": "image"})  # a name that tells no patient mustn't stop it
        found = scan(run, source, each, settings.quality, memory_of(run), HERE)
        queue = order_cells(run, found.path, said_by_champion(run, found, source, settings))
        return ToLabel(queue.path, source.root)
    finally:
        end_all()


def said_by_champion(run: Run, found: Manifest, source: Source, settings: Settings) -> Scored | None:
    """What the champion says of each cell; None where there is no champion yet."""
    seat = seat_of(settings.registry, run.workspace)
    champion = champion_now(seat)
    if champion is None:
        return None
    bundle = fetch_bundle(seat.uri, champion, run.workspace.champions)
    return score(run, found, source.root, champion, bundle, settings.train.time_limit)
