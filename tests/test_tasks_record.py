"""A verdict is written down once, however often the stage is tried."""

from pathlib import Path

import pandas as pd

from smearflow.monitoring.history import history_of, read
from smearflow.monitoring.result import read_result
from smearflow.workspace import Workspace
from tasks.record import record
from tasks.score import Scored
from tests.drawn_checks import RESULT


def test_a_second_try_adds_no_second_row(tmp_path: Path):
    workspace = Workspace.at(tmp_path)
    folder = workspace.checks / RESULT.batch
    folder.mkdir(parents=True)
    row = {"path": "C1_a.png", "sha256": "d", "label": None, "reason": None, "error": None, "probability": 0.1}
    pd.DataFrame([row | {"brightness": 160.0}]).to_parquet(tmp_path / "scored.parquet")
    result = RESULT.model_copy(update={"checks": ()})  # a table of them would want a server
    for _ in range(2):
        recorded = record.function(folder, result, Scored(tmp_path / "scored.parquet", 1), workspace)
    assert read(history_of(workspace)) == (result,)
    assert read_result(recorded.path) == read_result(workspace.checks / "latest.json") == result
    assert recorded.page.exists() and len(pd.read_parquet(folder / "cells.parquet")) == 1
