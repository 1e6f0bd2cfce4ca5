"""Retention: the last runs are kept, older ones go, with what only they are made of.

Never removed: the runs of the champion and of the version before it, what these and the kept runs name, everything
made since the oldest of the kept runs began, and whatever isn't a run, an artifact, a checkpoint or a cache record:
ledgers, registry, bundles of champions, measurements, archives.
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from smearflow.errors import UsageError
from smearflow.room import size_of
from smearflow.service.running import running
from smearflow.workspace import Workspace, write_text

NAMED = "artifacts.json"  # beside a run's summary: the artifacts that it is made of
WHEN = "%Y%m%d-%H%M%S"  # how a run's name begins, UTC
STAGES = 2  # parts of an artifact's name: stage/key


@dataclass(frozen=True)
class Removal:
    """Something that nobody needs any more, and how many bytes it takes."""

    path: Path
    size: int


def note_named(folder: Path, reached: Any, workspace: Workspace) -> None:
    """Write down beside the summary in ``folder`` which artifacts the run's results lie in."""
    write_text(folder / NAMED, json.dumps(sorted(named_in(reached, workspace.artifacts)), indent=1) + "\n")


def named_in(value: Any, artifacts: Path) -> set[str]:
    """The artifacts, as stage/key, that any path in ``value`` lies in: dataclasses, models and collections of paths."""
    if isinstance(value, Path):
        inside = value.is_relative_to(artifacts)
        return {"/".join(value.relative_to(artifacts).parts[:STAGES])} if inside else set()
    if isinstance(value, BaseModel):
        value = list(dict(value).values())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, each.name) for each in dataclasses.fields(value)]
    elif isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple | set):
        return set().union(*(named_in(each, artifacts) for each in value))
    return set()


def superfluous(workspace: Workspace, keep: int, needed: Iterable[str]) -> list[Removal]:
    """What can go where the last ``keep`` runs stay, and those called ``needed``. Removes nothing.

    Raises UsageError while a run is under way: it may be using what nobody else does.
    """
    others = [run.pid for run in running(workspace) if run.pid != os.getpid()]
    if others:
        raise UsageError(f"A run is under way in {workspace.root} (process {others[0]}).", "Prune when it has ended.")
    runs = sorted((run for run in _folders(workspace.runs) if _began(run) is not None), key=lambda run: run.name)
    last = runs[-keep:]
    if len(last) < keep or not last:
        return []
    since = _began(last[0]) or 0.0
    kept = {run.name for run in last} | set(needed)
    named = set().union(*(_named(run) for run in runs if run.name in kept))
    gone = [
        a for stage in _folders(workspace.artifacts) for a in _folders(stage) if f"{stage.name}/{a.name}" not in named
    ]
    old = [artifact for artifact in gone if artifact.stat().st_mtime < since]
    keys = {artifact.name for artifact in old}
    records = [r for r in _files(workspace.cache) if r.name.rpartition("-")[2] in keys]
    checkpoints = [c for c in _folders(workspace.checkpoints) if c.stat().st_mtime < since]
    chosen = [*(run for run in runs if run.name not in kept), *old, *checkpoints, *records]
    return [Removal(path, size_of(path)) for path in chosen]


def remove(removals: Iterable[Removal]) -> None:
    """Remove them, runs first: an artifact is there as long as a run that names it."""
    for removal in removals:
        if removal.path.is_dir():
            aside = removal.path.with_name(f".{removal.path.name}.pruned")  # in one step: no half of it is ever seen
            removal.path.rename(aside)
            shutil.rmtree(aside)
        else:
            removal.path.unlink(missing_ok=True)


def _named(run: Path) -> set[str]:
    """The artifacts of a run; none where it was killed, or is older than this record."""
    try:
        return set(json.loads((run / NAMED).read_text()))
    except (OSError, ValueError):
        return set()


def _began(run: Path) -> float | None:
    """When a run began, seconds since 1970, by its name; None where it isn't named as a run."""
    try:
        return datetime.strptime(run.name[:15], WHEN).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _folders(folder: Path) -> list[Path]:
    return [each for each in _entries(folder) if each.is_dir() and not each.is_symlink() and each.name[0] != "."]


def _files(folder: Path) -> list[Path]:
    return [each for each in _entries(folder) if each.is_file()]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []
