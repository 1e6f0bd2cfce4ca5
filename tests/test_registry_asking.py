"""A bundle is asked about a test set once: the second time its answer is taken from where it was left (6 s)."""

import pandas as pd

from smearflow.registry.asking import said_of_test
from smearflow.summary import Summary


def test_each_test_image_is_scored_and_nobody_is_asked_twice(finished_summary: Summary, workspace, tmp_path) -> None:
    paths, heard = finished_summary.paths, []
    assert paths.model is not None and paths.split is not None
    root = next(workspace.artifacts.glob("demo/[!.]*"))
    split = pd.read_parquet(paths.split)
    while not (root / split["path"].iloc[0]).exists():
        root = next(each for each in root.iterdir() if each.is_dir())
    for _ in range(2):
        said = said_of_test(paths.model, paths.split, root, tmp_path / "kept", "the champion", 200, heard.append)
    assert len(said) == (split["split"] == "test").sum() and said["probability"].between(0, 1).all()
    assert len(heard) == 1
