"""Settling who is in which set: by the ledger in the workspace, in every run, on a real Prefect server."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound

from smearflow.data.manifest import Manifest, manifest_of, write_manifest
from smearflow.data.splitting import sets_of
from smearflow.errors import DataError
from smearflow.settings import Registry, Settings, Split
from smearflow.workspace import Workspace
from tasks.settle import settle

Outcome = tuple[str, dict[str, str]]  # the split stage's state, the set of each patient


def written(folder: Path, patients: int) -> Manifest:
    """The manifest of a set of so many patients."""
    of_many = folder / str(patients)
    of_many.mkdir(parents=True, exist_ok=True)
    rows = sound(patients * 8, patients)
    write_manifest(rows, of_many)
    return manifest_of(rows, of_many, folder, len(rows))


@pytest.fixture
def divided(prefect_server, tmp_path):
    """Settles and splits a manifest of so many patients in the workspace of this test, as the main job does."""
    from prefect import flow

    from tasks.settle import settle_if_grouped
    from tasks.split import split
    from tasks.stage import Run

    def both(patients: int, **how: object) -> Outcome:
        settings = Settings(split=Split.model_validate(how))
        run = Run("run", settings, Workspace.at(tmp_path / "workspace"), "a-run")
        manifest = written(tmp_path, patients)

        @flow(name="test")
        def main() -> None:
            settled = settle_if_grouped(run, manifest, settings)
            split(run, manifest.path, manifest.root, settings.split, settled)

        try:
            main()
        finally:
            both.stages = [(stage.name, stage.state) for stage in run.stages]
        both.reached = run.reached
        return run.stages[-1].state, sets_of(pd.read_parquet(run.reached["split"].path))

    return both


def ledger_in(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "workspace" / "ledgers").glob("*.jsonl")
    return found


def test_patients_stay_as_data_grow_and_the_run_says_how_many_are_new(divided, tmp_path):
    assert divided(25)[0] == "completed"
    first = ledger_in(tmp_path).read_text().splitlines()
    _, small = divided(25)
    assert (divided.reached["settle"].known, divided.reached["settle"].added) == (25, 0)
    state, grown = divided(40)
    assert small.items() < grown.items() and state == "completed"
    assert (divided.reached["settle"].known, divided.reached["settle"].added) == (25, 15)
    assert ledger_in(tmp_path).read_text().splitlines()[1:26] == first[1:]
    assert divided.stages == [("split", "completed")]


def test_unchanged_data_are_not_divided_again_though_the_ledger_has_grown_meanwhile(divided):
    _, first = divided(25)
    divided(40)
    assert divided(25) == ("cached", first)
    assert divided.reached["settle"].absent == 15


def test_a_deleted_split_is_rebuilt_from_the_ledger(divided, tmp_path):
    divided(25)
    _, grown = divided(40)
    shutil.rmtree(tmp_path / "workspace" / "artifacts")
    assert divided(40) == ("completed", grown)


def test_a_lost_ledger_breaks_nothing(divided, tmp_path):
    _, first = divided(25)
    shutil.rmtree(tmp_path / "workspace" / "ledgers")
    assert divided(25) == ("cached", first)
    assert divided.reached["settle"].added == 25


def test_another_seed_has_a_ledger_of_its_own(divided, tmp_path):
    _, first = divided(25)
    _, other = divided(25, seed=7)
    assert other != first
    assert divided(25) == ("cached", first)
    assert len(list((tmp_path / "workspace" / "ledgers").glob("*.jsonl"))) == 2


def test_by_image_no_ledger_is_kept(divided, tmp_path):
    divided(25, by="image")
    assert not (tmp_path / "workspace" / "ledgers").exists()


def test_a_ledger_that_was_edited_stops_the_run_even_where_all_is_cached(divided, tmp_path):
    divided(25)
    ledger = ledger_in(tmp_path)
    ledger.write_text(ledger.read_text().replace('"test"', '"train"', 1))
    with pytest.raises(DataError, match="changed by another hand"):
        divided(25)
    assert divided.stages == [("split", "failed")]


def test_too_few_patients_leave_no_ledger_behind(tmp_path):
    workspace = Workspace.at(tmp_path / "workspace")
    with pytest.raises(DataError, match="too few groups"):
        settle.function(tmp_path, written(tmp_path, 2).path, Settings(), workspace)
    assert not list(workspace.ledgers.glob("*.jsonl"))


def test_the_ledger_of_other_patients_is_refused(tmp_path):
    workspace, manifest = Workspace.at(tmp_path / "workspace"), written(tmp_path, 25)
    settle.function(tmp_path, manifest.path, Settings(), workspace)
    others = pd.read_parquet(manifest.path)
    others["group"] = others["group"].str.replace("C", "D")
    others.to_parquet(tmp_path / "others.parquet")
    with pytest.raises(DataError, match="belongs to other data"):
        settle.function(tmp_path, tmp_path / "others.parquet", Settings(), workspace)
    named = Settings(registry=Registry(name="others"))
    assert settle.function(tmp_path, tmp_path / "others.parquet", named, workspace).added == 25


def _settle(folder: Path, patients: int) -> int:
    return settle.function(folder, written(folder, patients).path, Settings(), Workspace.at(folder / "workspace")).added


def test_runs_at_once_agree(tmp_path: Path) -> None:
    """Whoever comes first settles; nobody's patients are lost."""
    with ThreadPoolExecutor(3) as pool:
        added = sum(pool.map(_settle, [tmp_path] * 3, [25, 30, 35]))
    assert added == 35
    lines = ledger_in(tmp_path).read_text().splitlines()
    assert json.loads(lines[0])["entries"] == len(lines) - 1 == 35
    assert _settle(tmp_path, 35) == 0
