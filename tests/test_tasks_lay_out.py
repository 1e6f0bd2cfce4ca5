"""Laying the sets out as folders: where asked for, a folder of its own for each split."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_cells import folder_of_cells

from smearflow.data.splitting import divide, parts_of
from smearflow.settings import Settings, Split
from smearflow.workspace import Workspace


@pytest.fixture
def lay(prefect_server, tmp_path):
    """Divides the cells of this test and lays them out on the real server: the run."""
    from prefect import flow

    from tasks.lay_out import lay_out_if_asked
    from tasks.stage import Run

    root = folder_of_cells(tmp_path / "cells", patients=9)
    paths = sorted(str(f.relative_to(root)) for f in root.rglob("*.png"))
    rows = pd.DataFrame({"path": paths, "sha256": paths}, dtype="string")
    rows = rows.assign(label=rows["path"].str.split("/").str[0], group=rows["path"].str.extract(r"/(C\d+)")[0])

    def lay_out(how: Split):
        run = Run("run", Settings(split=how), Workspace.at(tmp_path / "workspace"), "a-run")
        table = tmp_path / f"{how.seed}-{how.by}.parquet"
        divide(rows, how).to_parquet(table)
        flow(name="test")(lay_out_if_asked)(run, parts_of(pd.read_parquet(table), table, root), how)
        return run

    return lay_out


def links(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*.png")}


def test_nothing_is_made_and_no_stage_noted_where_it_is_not_asked_for(lay):
    run = lay(Split())
    assert run.stages == [] and not run.workspace.splits.exists()


def test_each_split_has_a_folder_of_its_own_that_is_found_again(lay):
    first, other, again = (lay(Split(folders=True, seed=seed)) for seed in (1, 2, 1))
    one, two = first.reached["lay_out"], other.reached["lay_out"]
    assert one.path != two.path and again.reached["lay_out"] == one
    assert one.path.parent == first.workspace.splits and one.path.name.startswith("seed1-")
    assert len(links(one.path)) == len(links(two.path)) == one.train + one.val + one.test == 54
    assert [stage.name for stage in first.stages] == ["lay_out"]


def test_a_folder_that_lost_a_link_is_made_anew(lay):
    folders = lay(Split(folders=True)).reached["lay_out"]
    before = links(folders.path)
    (folders.path / sorted(before)[0]).unlink()
    assert lay(Split(folders=True)).reached["lay_out"] == folders
    assert links(folders.path) == before


def test_the_summary_names_the_folder(lay):
    from tasks.summarise import summarise

    run = lay(Split(folders=True))
    assert summarise(run).paths.folders == run.reached["lay_out"].path
