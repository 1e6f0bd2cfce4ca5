"""Gather: list the cells of a batch, without opening one."""

from pathlib import Path

from smearflow.data.sources import Place, Source
from smearflow.monitoring.batches import Batch, cells_of
from smearflow.settings import Data
from smearflow.workspace import digest_of
from tasks.stage import stage


def says(source: Source) -> str:
    return f"""# {source.images:,} new images

| in `{source.root}` | files |
|---|---|
| images | {source.images:,} |
| not images by their names | {source.ignored:,} |
| links, not followed | {source.links:,} |
"""


# Retried, because a network share that drops for a moment comes back.
@stage(says, cached=False, task_run_name="gather {batch.name}", retries=2, retry_delay_seconds=5)
def gather(folder: Path, batch: Batch, data: Data) -> Source:
    """List the images of ``batch``, labelled by the innermost class folder above them."""
    listing = cells_of(batch.root, data.classes)
    folder.mkdir(parents=True, exist_ok=True)
    listing.files.to_parquet(folder / "listing.parquet")
    listing.apart.to_parquet(folder / "apart.parquet", index=False)
    return Source(
        root=listing.root,
        places=(Place(listing.root, len(listing.files)),),
        listing=folder / "listing.parquet",
        apart=folder / "apart.parquet",
        digest=digest_of("batch", listing.digest),  # labelled otherwise than a source to train on
        images=len(listing.files),
        ignored=listing.ignored,
        nested=0,
        links=listing.links,
    )
