"""Ingest: find the images, without opening one."""

from pathlib import Path

from smearflow.data.sources import Source, list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.progress import progress
from smearflow.provenance import code_digest
from smearflow.settings import Data
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.stage import stage


def says(source: Source) -> str:
    return f"""# {source.images:,} images found

| in `{source.root}` | files |
|---|---|
| images | {source.images:,} |
| left out: not images by their names | {source.ignored:,} |
| links, not followed | {source.links:,} |
"""


# Retried, because a network share that drops for a moment comes back.
@stage(says, cached=False, task_run_name="ingest {data.title}", retries=2, retry_delay_seconds=5)
def ingest(folder: Path, workspace: Workspace, data: Data) -> Source:
    """List the images of ``data.source``; draw them first where that is ``demo``."""
    source = data.sources[0]
    root = demo_cells(workspace, data) if source == "demo" else Path(source).expanduser().absolute()
    listing = list_folder(root, data.classes)
    target = workspace.artifact("ingest", listing.digest)
    if not is_whole(target):
        with building(target) as aside:
            listing.files.to_parquet(aside / "listing.parquet")
    return listing.source(target / "listing.parquet")


def demo_cells(workspace: Workspace, data: Data) -> Path:
    """The folder of synthetic cells that ``data.demo`` describes, drawn once."""
    key = digest_of(data.demo.model_dump(), data.classes, data.positive, code_digest("smearflow.data.synthetic"))
    target = workspace.artifact("demo", key)
    if not is_whole(target):
        with building(target) as aside, progress("drawing", data.demo.images) as advance:
            draw_cells(aside, data.demo, data.classes, data.positive, advance)
    return target
