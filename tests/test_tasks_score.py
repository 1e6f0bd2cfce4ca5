"""Scoring a batch of which nothing can be scored starts no process."""

from pathlib import Path

import pandas as pd

from smearflow.data.manifest import as_manifest, manifest_of, write_manifest
from smearflow.registry.champion import Champion
from tasks.score import score


def test_rows_that_are_left_out_stay_without_a_probability(tmp_path: Path):
    rows = as_manifest(pd.DataFrame([{"path": "a.png", "reason": "corrupt"}, {"path": "b.png", "reason": "blank"}]))
    write_manifest(rows, tmp_path)
    manifest = manifest_of(rows, tmp_path, tmp_path, 2)
    champion = Champion("malaria-cells", 1, "compact", "d1", 0.5, False, "nowhere")
    scored = score.function(tmp_path / "scored", manifest, tmp_path, champion, tmp_path / "no bundle", 10)
    assert scored.cells == 0
    cells = pd.read_parquet(scored.path)
    assert cells["path"].tolist() == ["a.png", "b.png"] and cells["probability"].isna().all()
