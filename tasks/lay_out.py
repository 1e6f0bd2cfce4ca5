"""Lay out: the sets as folders of links, where split.folders asks for them."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.set_folders import lay_out as lay_out_sets
from smearflow.data.splitting import Parts
from smearflow.settings import Split
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.stage import Run, stage


@dataclass(frozen=True)
class Folders:
    """The folder with train, val and test in it, and how many images each has."""

    path: Path
    train: int
    val: int
    test: int


def says(folders: Folders) -> str:
    return f"""# The sets are laid out in {folders.path.name}

| folder | links |
|---|---|
| `{folders.path}/train` | {folders.train:,} |
| `{folders.path}/val` | {folders.val:,} |
| `{folders.path}/test` | {folders.test:,} |
"""


def lay_out_if_asked(run: Run, parts: Parts, how: Split) -> None:
    """Run the stage where split.folders is true; else no task is made, and the summary has no line of it."""
    if how.folders:
        lay_out(run, run.workspace, parts, how.seed)


@stage(says, cached=False, task_run_name="lay out train, val and test")
def lay_out(folder: Path, workspace: Workspace, parts: Parts, seed: int) -> Folders:
    """Make the folder of this split and no other, unless it is there and every link in it leads to its image."""
    divided = pd.read_parquet(parts.path)
    split = digest_of(str(parts.root), sorted(divided[["path", "split"]].itertuples(index=False, name=None)))
    target = workspace.splits / f"seed{seed}-{split[:12]}"
    if not is_whole(target):
        with building(target) as aside:
            lay_out_sets(divided, parts.root, aside)
    return Folders(target, parts.train, parts.val, parts.test)
