"""Asking a bundle about the test images of a split: in a process of its own, and once."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from smearflow.models.spec import ScoreSpec
from smearflow.models.training import run_module
from smearflow.workspace import building, is_whole


def said_of_test(
    bundle: Path, split: Path, root: Path, kept: Path, name: str, limit_s: float, on_line: Callable[[str], None]
) -> pd.DataFrame:
    """The test rows of the table ``split`` (paths below ``root``) with the probability that ``bundle`` gives each.

    path, sha256, label, group, split and calibrated probability, null where unreadable. ``kept``: the artifact that
    the answer is taken from, or is left in. Raises TrainingError, speaking of ``name``, where the process fails.
    """
    if not is_whole(kept):
        with building(kept) as aside:
            told = aside / "spec.json"
            spec = ScoreSpec(
                bundle=bundle, parts=split, root=root, split="test", out=aside / "scores.parquet", threads=2
            )
            told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
            run_module("smearflow.models.scorer", told, name, limit_s, on_line)
    return pd.read_parquet(kept / "scores.parquet")
