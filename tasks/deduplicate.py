"""Deduplicate: find images that show the same cell, send conflicts to review, and write down what stays together."""

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from smearflow.data.duplicates import clusters_used, compared, judged, pairs_of
from smearflow.data.manifest import Manifest, manifest_of, read_manifest, write_manifest
from smearflow.data.thumbnails import Thumbnails, thumbnails
from smearflow.progress import progress
from smearflow.report.pictures import contact_sheet, data_url
from smearflow.settings import Duplicates
from smearflow.workspace import building
from tasks.stage import Run, stage

SHOWN = 24  # pairs on the sheet
ACROSS = 4  # pairs a row
SIDE = 64  # pixels of a picture


@dataclass(frozen=True)
class Deduplicated:
    """The manifest with near-duplicates judged, their pairs (duplicates.PAIRS), and a sheet of the first."""

    manifest: Manifest
    pairs: Path
    sheet: Path | None
    near: int  # pairs
    across: int  # of them under different labels
    clusters: int  # of several images that are used
    compared: bool = True  # whether near-duplicates were looked for


def says(found: Deduplicated) -> str:
    reasons = found.manifest.reasons
    if not found.compared:
        return f"# Near-duplicates weren't looked for; {reasons.get('duplicate', 0):,} exact copies are left out\n"
    picture = f"\n![pairs, side by side]({data_url(found.sheet)})\n" if found.sheet else ""
    return f"""# {found.near:,} pairs of near-duplicates, {found.across:,} of them across classes

| | |
|---|---|
| copies left out | {reasons.get("duplicate", 0):,} |
| changed copies left out | {reasons.get("near_duplicate", 0):,} |
| conflicts for review | {reasons.get("label_conflict", 0):,} |
| clusters that stay in one set | {found.clusters:,} |
{picture}
Pairs, by the digests of their files: `{found.pairs}`.
"""


# Retried once, as the scan is: it decodes in processes that the machine may end for want of memory.
@stage(says, task_run_name="find duplicates", retries=1, retry_delay_seconds=5)
def deduplicate(folder: Path, manifest: Manifest, root: Path, how: Duplicates, kept: Thumbnails) -> Deduplicated:
    """Compare small pictures of all usable images; write manifest, quarantine, pairs and their sheet.

    ``root`` is the manifest's, whose digest, which stands for it in the stage's key, doesn't know where images lie.
    """
    rows = read_manifest(manifest.path)
    among = compared(rows) if how.near != "off" else rows.head(0)
    with progress("thumbnails", len(among)) as advance:
        pictures = thumbnails(root, among, kept, os.cpu_count() or 1, advance)
    pairs = pairs_of(rows, pictures, how.likeness)
    rows = judged(rows, pairs, how.near)
    with building(folder) as aside:
        write_manifest(rows, aside)
        pairs.to_parquet(aside / "pairs.parquet", index=False)
        if len(pairs):
            shown = [
                Image.fromarray(pictures[digest]) for digest in pairs[["first", "second"]].head(SHOWN).to_numpy().flat
            ]
            in_rows = [shown[at : at + 2 * ACROSS] for at in range(0, len(shown), 2 * ACROSS)]
            (aside / "pairs.png").write_bytes(contact_sheet(in_rows, SIDE))
    return _found(folder, rows, pairs, root, manifest.measured, compared=how.near != "off")


def _found(
    folder: Path, rows: pd.DataFrame, pairs: pd.DataFrame, root: Path, measured: int, *, compared: bool
) -> Deduplicated:
    """What stages exchange of the result, once it is written to ``folder``."""
    return Deduplicated(
        manifest=manifest_of(rows, folder, root, measured),
        pairs=folder / "pairs.parquet",
        sheet=folder / "pairs.png" if len(pairs) else None,
        near=len(pairs),
        across=int(pairs["across"].sum()),
        clusters=clusters_used(rows),
        compared=compared,
    )


def thumbnails_of(run: Run) -> Thumbnails:
    """The small pictures that the run's workspace keeps; none for a run that computes all anew."""
    return Thumbnails(run.workspace.measured, run.fresh)
