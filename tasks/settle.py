"""Settle: write down for good which set each group is in, the new ones nearest to the ratio."""

import time
from dataclasses import dataclass
from pathlib import Path

from smearflow.data.ledger import (
    Ledger,
    belonging,
    extended,
    ledger_file,
    read_ledger,
    refuse_strangers,
    write_ledger,
)
from smearflow.data.manifest import Manifest, read_manifest, usable
from smearflow.data.splitting import divide, sets_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace, alone, digest_of
from tasks.stage import Run, stage


@dataclass(frozen=True)
class Settled:
    """The ledger that a run divides by. ``digest``: of who is where among the groups of this run's data.

    ``head``: the ledger's version. ``known`` groups of the data were in it; those ``added`` came with this run;
    ``absent`` ones are in it and not in the data.
    """

    path: Path
    digest: str
    head: str
    known: int
    added: int
    absent: int


def says(settled: Settled) -> str:
    return f"""# {settled.known:,} groups stay in the set that they were in, {settled.added:,} are new

The ledger `{settled.path}` is whole: no line was changed or taken out.
It keeps the sets of {settled.absent:,} groups besides, of whom there is no image now.
"""


def settle_if_grouped(run: Run, manifest: Manifest, settings: Settings) -> Settled | None:
    """The ledger with every group of the data in it; None where images are divided one by one, and none is kept.

    To the summary it is the beginning of the split: where it fails, the split has.
    """
    if settings.split.by == "image":
        return None
    started = time.monotonic()
    future = settle.submit(run, manifest.path, settings, run.workspace)
    future.wait()
    if not future.state.is_completed():
        run.note("split", "failed", started)
    run.reached["settle"] = future.result()
    return future.result()


# Not cached: that the ledger is whole is looked at by every run. Not retried: nothing outside takes part.
@stage(says, cached=False, task_run_name="settle who is in which set")
def settle(folder: Path, manifest: Path, settings: Settings, workspace: Workspace) -> Settled:
    """Read and check the ledger, divide the manifest's rows by it, add the groups that are new, one run at a time."""
    rows = usable(read_manifest(manifest))
    belongs = belonging(settings.data, settings.split, settings.registry.name)
    path = ledger_file(workspace.ledgers, belongs)
    with alone(path.with_suffix(".lock")):
        before = read_ledger(path, belongs)
        refuse_strangers(before, rows["group"])
        sets = sets_of(divide(rows, settings.split, before.sets))
        after = extended(before, sets)
        if after.head != before.head:
            write_ledger(after)
    return _settled(before, after, sets)


def _settled(before: Ledger, after: Ledger, sets: dict[str, str]) -> Settled:
    added = len(after.sets) - len(before.sets)
    return Settled(
        path=after.path,
        digest=digest_of(sorted(sets.items())),
        head=after.head,
        known=len(sets) - added,
        added=added,
        absent=len(after.sets) - len(sets),
    )
