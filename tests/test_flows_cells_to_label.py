"""`smearflow review --cells`: a flat folder of drawn cells as a queue, with the session's champion and without one."""

from pathlib import Path

import pandas as pd
import pytest

from flows.cells_to_label import cells_to_label
from smearflow.configuration import load_settings
from smearflow.data.synthetic import draw_cells
from smearflow.settings import Demo, Settings
from smearflow.workspace import Workspace


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 cells of 6 patients the champion never met, and a file that is none, in no class folder."""
    drawn, folder = tmp_path_factory.mktemp("drawn") / "cells", tmp_path_factory.mktemp("flat")
    draw_cells(drawn, Demo(images=60, patients=6, seed=11))
    for file in drawn.rglob("*.png"):
        file.rename(folder / file.name)
    (folder / "C9P9_cell_1.png").write_bytes(b"no picture")
    return folder


def test_without_a_champion_it_is_a_queue_all_the_same(prefect_server: object, flat: Path, tmp_path: Path) -> None:
    found = cells_to_label(flat, Settings(), tmp_path)
    queue = pd.read_parquet(found.queue)
    assert len(queue) == 60 and queue["probability"].isna().all() and queue["given"].isna().all()
    assert all((found.root / path).is_file() for path in queue["path"])
    assert len(list(flat.iterdir())) == 61, "nothing is moved"


def test_the_champion_says_of_which_cells_it_is_unsure(
    finished: object, prefect_server: object, flat: Path, small: Path, workspace: Workspace
) -> None:
    queue = pd.read_parquet(cells_to_label(flat, load_settings(small), workspace.root).queue)
    assert queue["probability"].between(0, 1).all() and queue["uncertainty"].between(0, 1).all()
    assert queue["uncertainty"].head(10).mean() > queue["uncertainty"].tail(30).mean()
    assert queue["slide"].head(6).nunique() >= 3
