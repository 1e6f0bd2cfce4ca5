"""Old runs go with what only they are made of; what kept runs, champions and ledgers name stays."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from smearflow.errors import UsageError
from smearflow.retention import NAMED, named_in, note_named, remove, superfluous
from smearflow.service.daemon import start_of
from smearflow.service.running import Running
from smearflow.workspace import Workspace
from tests.drawn_models import trained

RUNS = [f"2026110{day}-080000-aaaa" for day in (1, 2, 3, 4)]
NOW, LONG_AGO = 1_800_000_000, 1_700_000_000  # 2027, 2023


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four runs, each with an artifact of its own and all with one in common; a ledger; an old checkpoint."""
    workspace = Workspace.at(tmp_path / "workspace")
    for number, run in enumerate(RUNS):
        artifact(workspace, f"train/{number}", LONG_AGO)
        folder(workspace.run(run), "summary.json")
        (workspace.run(run) / NAMED).write_text(json.dumps([f"train/{number}", "scan/all"]))
        folder(workspace.cache, f"train-{number}")
    artifact(workspace, "scan/all", LONG_AGO)
    folder(workspace.cache, "scan-all")
    folder(workspace.ledgers, "cells.jsonl")
    aged(folder(workspace.checkpoints / "old", "batch-32.npz").parent, LONG_AGO)
    return workspace


def folder(path: Path, name: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_text("1234567890")
    return path / name


def artifact(workspace: Workspace, name: str, made: int) -> None:
    stage, key = name.split("/")
    aged(folder(workspace.artifact(stage, key), "artifact.json").parent, made)


def aged(path: Path, when: int) -> None:
    os.utime(path, (when, when))


def named(workspace: Workspace, keep: int, needed: tuple[str, ...] = ()) -> list[str]:
    return [str(removal.path.relative_to(workspace.root)) for removal in superfluous(workspace, keep, needed)]


def test_the_last_runs_stay_with_what_they_are_made_of(workspace: Workspace) -> None:
    assert named(workspace, 2) == [
        f"runs/{RUNS[0]}", f"runs/{RUNS[1]}", "artifacts/train/0", "artifacts/train/1", "checkpoints/old",
        "cache/train-0", "cache/train-1",
    ]  # fmt: skip
    assert {removal.size for removal in superfluous(workspace, 2, ())} == {10, 33}  # bytes


def test_the_run_of_a_champion_stays_with_what_it_is_made_of(workspace: Workspace) -> None:
    left = named(workspace, 1, (RUNS[0],))
    assert f"runs/{RUNS[0]}" not in left and "artifacts/train/0" not in left
    assert f"runs/{RUNS[1]}" in left and "artifacts/train/1" in left


def test_what_was_made_since_the_oldest_kept_run_began_stays_though_no_run_says_so(workspace: Workspace) -> None:
    artifact(workspace, "train/of-a-run-that-was-killed", NOW)
    aged(workspace.checkpoints / "old", NOW)
    assert not any("killed" in name or "checkpoints" in name for name in named(workspace, 1))


def test_with_no_more_runs_than_are_kept_nothing_goes(workspace: Workspace, tmp_path: Path) -> None:
    assert named(workspace, 5) == []
    assert named(Workspace.at(tmp_path / "empty"), 1) == []


def test_removing_leaves_the_rest_as_it_is(workspace: Workspace) -> None:
    remove(superfluous(workspace, 2, ()))
    assert superfluous(workspace, 2, ()) == []
    assert sorted(run.name for run in workspace.runs.iterdir()) == RUNS[2:]
    assert sorted(key.name for key in (workspace.artifacts / "train").iterdir()) == ["2", "3"]
    assert (workspace.artifact("scan", "all") / "artifact.json").exists()
    assert sorted(record.name for record in workspace.cache.iterdir()) == ["scan-all", "train-2", "train-3"]
    assert (workspace.ledgers / "cells.jsonl").exists()


def test_while_another_run_is_under_way_nothing_is_decided(workspace: Workspace) -> None:
    parent = os.getppid()
    record = Running("id", "http://127.0.0.1:1/api", parent, start_of(parent) or "", False)
    folder(workspace.running, "id.json").write_text(json.dumps(record.__dict__))
    with pytest.raises(UsageError, match=rf"A run is under way in .* \(process {parent}\)"):
        superfluous(workspace, 2, ())


def test_a_run_names_the_artifacts_that_its_results_lie_in(workspace: Workspace) -> None:
    @dataclass(frozen=True)
    class Result:
        path: Path
        others: tuple[Path, ...]

    inside = workspace.artifacts
    model = trained("compact", inside / "train" / "k")
    reached = {"scan": Result(inside / "scan" / "a" / "manifest.parquet", (Path("/elsewhere"),)), "train": [model]}
    assert named_in(reached, inside) == {"scan/a", "train/k"}
    note_named(workspace.run(RUNS[0]), reached, workspace)
    assert json.loads((workspace.run(RUNS[0]) / NAMED).read_text()) == ["scan/a", "train/k"]
