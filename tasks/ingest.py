"""Ingest: find the images, without decoding one. What is packed, far away or drawn is put into a folder first."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from smearflow.data.apart import KINDS, REGULAR, how_many, sorted_apart, write_apart
from smearflow.data.nested import without_copies
from smearflow.data.places import place_of
from smearflow.data.sources import Listing, Place, Source, join, link_names, list_folders
from smearflow.provenance import code_digest
from smearflow.report.wording import one_line
from smearflow.settings import Data
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.stage import stage

LINKS = "roots"  # in the artifact of several folders: a link to each
NAMED = 20  # entries that the artifact names
FIRST = ("link", "special", "other_file", "hidden", "nested_copy")  # the order in which it does


def says(source: Source) -> str:
    places = "".join(f"| images in `{place.root}` | {place.images:,} |\n" for place in source.places)
    apart = pd.read_parquet(source.apart)
    counts = "".join(f"| {kind}: {meaning} | {how_many(apart, kind):,} |\n" for kind, meaning in KINDS.items())
    return f"""# {source.images:,} images found

| | files |
|---|---|
{places}{counts}
{set_apart(apart, source.apart)}"""


def set_apart(apart: pd.DataFrame, path: Path) -> str:
    """A table of the first entries that are no images, links before others; nothing where there is none."""
    if apart.empty:
        return ""
    first = apart.sort_values("kind", key=lambda kinds: kinds.map(FIRST.index), kind="stable").head(NAMED)
    lines = "".join(f"| `{one_line(e.path)}` | {e.kind} | {one_line(e.told)} |\n" for e in first.itertuples())
    named = f"The first {NAMED} of {len(apart):,}; all" if len(apart) > NAMED else "All of them"
    heading = "## Set apart, and left where they are\n\n| entry | kind | points to, or is a copy of |\n|---|---|---|\n"
    return f"{heading}{lines}\n{named} are in `{path}`.\n"


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
    return source_at(target, listings, workspace)


def list_sources(workspace: Workspace, data: Data) -> tuple[Listing, ...]:
    """Each source listed, nested copies and all, with the faults of damaged members."""
    places = [place_of(source, workspace, data) for source in data.sources]
    listings = list_folders([folder for folder, _ in places], data.classes, data.sources)
    return tuple(
        listing.with_faults(folder, faults) for listing, (folder, faults) in zip(listings, places, strict=True)
    )


def write_listing(aside: Path, target: Path, listings: Sequence[Listing]) -> None:
    """The joined listing, its nested copies, the count of images in each, and links to the folders of a list."""
    joined = join(listings, target / LINKS)
    joined.files.to_parquet(aside / "listing.parquet", index=False)
    joined.apart[joined.apart["kind"] == "nested_copy"].to_parquet(aside / "copies.parquet", index=False)
    (aside / "images.json").write_text(json.dumps([len(listing.files) for listing in listings]))
    (aside / LINKS).mkdir()
    for name, listing in zip(link_names(listings), listings, strict=True):
        (aside / LINKS / name).symlink_to(listing.root)


def source_at(target: Path, found: Sequence[Listing], workspace: Workspace) -> Source:
    """The summary that stages exchange of the artifact ``target``, made of ``found``, where copies are still in.

    What is set apart is written under its own digest: junk that comes changes it, and not the listing.
    """
    images: list[int] = json.loads((target / "images.json").read_text())
    joined = join(found, target / LINKS)
    apart = sorted_apart(pd.concat([joined.apart, pd.read_parquet(target / "copies.parquet")]))
    return Source(
        root=joined.root,
        places=tuple(Place(x.root, count) for x, count in zip(found, images, strict=True)),
        listing=target / "listing.parquet",
        apart=write_apart(apart, workspace.artifact("apart", target.name)),
        digest=target.name,
        images=sum(images),
        ignored=how_many(apart, *REGULAR),
        nested=how_many(apart, "nested_copy"),
        links=how_many(apart, "link"),
    )
