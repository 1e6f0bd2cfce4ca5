"""Ingest: find the images, without decoding one. What is packed, far away or drawn is put into a folder first."""

import json
from collections.abc import Sequence
from pathlib import Path

from smearflow.data.nested import without_copies
from smearflow.data.places import place_of
from smearflow.data.sources import Listing, Place, Source, join, link_names, list_folders
from smearflow.provenance import code_digest
from smearflow.settings import Data
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.stage import stage

LINKS = "roots"  # in the artifact of several folders: a link to each


def says(source: Source) -> str:
    places = "".join(f"| images in `{place.root}` | {place.images:,} |\n" for place in source.places)
    return f"""# {source.images:,} images found

| | files |
|---|---|
{places}| left out: not images by their names | {source.ignored - source.nested:,} |
| left out: copies in a nested tree | {source.nested:,} |
| links, not followed | {source.links:,} |
"""


# Retried, because a network share that drops for a moment comes back.
@stage(says, cached=False, task_run_name="ingest {data.title}", retries=2, retry_delay_seconds=5)
def ingest(folder: Path, workspace: Workspace, data: Data) -> Source:
    """List the images of every source; fetch, unpack or draw first what isn't a folder."""
    listings = list_sources(workspace, data)
    code = code_digest("smearflow.data.nested")
    target = workspace.artifact("ingest", digest_of([x.digest for x in listings], data.classes, code))
    if not is_whole(target):
        with building(target) as aside:
            write_listing(aside, target, [without_copies(x, data.classes) for x in listings])
    return source_at(target, listings)


def list_sources(workspace: Workspace, data: Data) -> tuple[Listing, ...]:
    """Each source listed, nested copies and all, with the faults of damaged members."""
    places = [place_of(source, workspace, data) for source in data.sources]
    listings = list_folders([folder for folder, _ in places], data.classes, data.sources)
    return tuple(
        listing.with_faults(folder, faults) for listing, (folder, faults) in zip(listings, places, strict=True)
    )


def write_listing(aside: Path, target: Path, listings: Sequence[Listing]) -> None:
    """The joined listing, the count of images in each, and links to the folders of a list."""
    join(listings, target / LINKS).files.to_parquet(aside / "listing.parquet", index=False)
    (aside / "images.json").write_text(json.dumps([len(listing.files) for listing in listings]))
    (aside / LINKS).mkdir()
    for name, listing in zip(link_names(listings), listings, strict=True):
        (aside / LINKS / name).symlink_to(listing.root)


def source_at(target: Path, found: Sequence[Listing]) -> Source:
    """The summary that stages exchange of the artifact ``target``, made of ``found``, where copies are still in."""
    images: list[int] = json.loads((target / "images.json").read_text())
    nested = sum(len(listing.files) for listing in found) - sum(images)
    return Source(
        root=found[0].root if len(found) == 1 else target / LINKS,
        places=tuple(Place(x.root, count) for x, count in zip(found, images, strict=True)),
        listing=target / "listing.parquet",
        digest=target.name,
        images=sum(images),
        ignored=sum(listing.ignored for listing in found) + nested,
        nested=nested,
        links=sum(listing.links for listing in found),
    )
