"""Scan: decode every image once, and write down what is known of it."""

from pathlib import Path

import pandas as pd

from smearflow.data.manifest import Manifest, conversions, manifest_of, read_manifest, usable, write_manifest
from smearflow.data.overlay import Reviewed
from smearflow.data.scan_memory import Memory
from smearflow.data.scanning import Measurers, complete, measure_listed
from smearflow.data.sources import Source
from smearflow.progress import progress
from smearflow.report.wording import one_line
from smearflow.settings import Data, Quality
from smearflow.workspace import building
from tasks.stage import Run, stage

NAMED = 30  # files that the artifact names


def says(manifest: Manifest) -> str:
    left_out = "".join(f"| left out: {reason} | {count:,} |\n" for reason, count in manifest.reasons.items())
    return f"""# {manifest.images:,} images of {manifest.groups:,} groups can be used

| | images |
|---|---|
| used | {manifest.images:,} |
{left_out}
{converted_images(manifest)}{_reviewed(manifest)}{_measured(manifest)}

Data version `{manifest.digest[:12]}`; every row in `{manifest.path}`.
{left_out_files(manifest)}"""


def _reviewed(manifest: Manifest) -> str:
    """What people said of the labels; nothing where nobody has."""
    said = ", ".join(f"{source} {count:,}" for source, count in manifest.labelled.items() if source != "given")
    return f"Labels that people have looked at: {said}.\n\n" if said else ""


def _measured(manifest: Manifest) -> str:
    known = manifest.rows - manifest.measured
    return f"{manifest.measured:,} images were measured, {known:,} were known from an earlier scan."


def converted_images(manifest: Manifest) -> str:
    """A line on the used images whose pixels aren't used as stored; nothing where all are."""
    rows = usable(read_manifest(manifest.path))
    kinds = ", ".join(f"{how} {number:,}" for how, number in conversions(rows).items())
    return f"{rows['converted'].notna().sum():,} images were converted to 8-bit RGB: {kinds}.\n\n" if kinds else ""


def left_out_files(manifest: Manifest) -> str:
    """A table of the first files that are left out, each with its reason; nothing where all are used."""
    files = pd.read_parquet(manifest.quarantine)
    if files.empty:
        return ""
    lines = "".join(
        f"| `{one_line(f.path)}` | {f.reason} | {one_line(f.error)} |\n" for f in files.head(NAMED).itertuples()
    )
    more = f"\nThe first {NAMED} of {len(files):,}; all are in `{manifest.quarantine}`.\n" if len(files) > NAMED else ""
    heading = "## Left out, and left where they are\n\n| file | reason | what was found |\n|---|---|---|\n"
    return f"\n{heading}{lines}{more}"


# Retried once: a scan that the machine ended for want of memory may find more of it a moment later.
@stage(says, task_run_name="scan {source.images} images", retries=1, retry_delay_seconds=5)
def scan(
    folder: Path,
    source: Source,
    data: Data,
    quality: Quality,
    memory: Memory,
    measurers: Measurers,
    reviewed: Reviewed | None = None,
) -> Manifest:
    """Read the listing, have each new or changed image measured, lay ``reviewed`` labels over the given ones.

    Writes manifest and quarantine.
    """
    listing = pd.read_parquet(source.listing)
    roots = [place.root for place in source.places]
    known = memory.recall(roots, quality, listing)
    new = listing[known.index.get_indexer(pd.Index(listing["path"])) < 0]
    print(f"scan: {len(new):,} images to measure, {len(known):,} known from an earlier scan")
    with progress("scan", len(new)) as advance:
        facts = pd.concat([known, measure_listed(source.root, new, quality, measurers, advance)])
    memory.keep(roots, quality, listing, facts)  # before groups are told, which the settings may have wrong
    rows = complete(facts, listing, data, pd.read_parquet(reviewed.path) if reviewed else None)
    with building(folder) as aside:
        write_manifest(rows, aside)
    return manifest_of(rows, folder, source.root, len(new))


def memory_of(run: Run) -> Memory:
    """What scans in the run's workspace remember; nothing for a run that computes all anew."""
    return Memory(run.workspace.measured, run.fresh)
