"""A judged batch leaves the drop folder by the table that the check wrote."""

from pathlib import Path

import pandas as pd

from smearflow.monitoring.batches import Batch
from tasks.put_away import put_away


def test_files_go_where_the_table_says(tmp_path: Path):
    root, check, archive = tmp_path / "drop/.taken/b1", tmp_path / "check", tmp_path / "archive"
    for folder in (root, check):
        folder.mkdir(parents=True)
    (root / "C1_a.png").write_bytes(b"a cell")
    row = {"path": "C1_a.png", "label": None, "reason": None, "error": None}
    pd.DataFrame([row]).to_parquet(check / "cells.parquet")
    archived = put_away.function(check, Batch("b1", root, dropped=True), archive)
    assert (archived.files, archived.labelled) == (1, 0)
    assert (archive / "unlabelled/b1/C1_a.png").read_bytes() == b"a cell" and not root.exists()
