"""Scan: decode every image once, and write down what is known of it."""

import os
from pathlib import Path

import pandas as pd

from smearflow.data.manifest import Manifest, manifest_of
from smearflow.data.scanning import scan as scan_files
from smearflow.data.sources import Source
from smearflow.progress import progress
from smearflow.settings import Data, Quality
from smearflow.workspace import building
from tasks.stage import stage


def says(manifest: Manifest) -> str:
    left_out = "".join(f"| left out: {reason} | {count:,} |\n" for reason, count in manifest.reasons.items())
    return f"""# {manifest.images:,} images of {manifest.groups:,} groups can be used

| | images |
|---|---|
| used | {manifest.images:,} |
{left_out}
Data version `{manifest.digest[:12]}`; every row in `{manifest.path}`.
"""


# Retried once: a scan that the machine ended for want of memory may find more of it a moment later.
@stage(says, task_run_name="scan {source.images} images", retries=1, retry_delay_seconds=5)
def scan(folder: Path, source: Source, data: Data, quality: Quality) -> Manifest:
    """Read the listing, decode each image in parallel processes, write manifest and quarantine."""
    listing = pd.read_parquet(source.listing)
    with progress("scan", len(listing)) as advance:
        rows = scan_files(source.root, listing, data, quality, os.cpu_count() or 1, advance)
    with building(folder) as aside:
        rows.to_parquet(aside / "manifest.parquet", index=False)
        left_out = rows.loc[rows["reason"].notna(), ["path", "reason", "error"]]
        left_out.to_parquet(aside / "quarantine.parquet", index=False)
    return manifest_of(rows, folder / "manifest.parquet", folder / "quarantine.parquet", source.root)
