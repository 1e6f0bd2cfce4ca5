"""Files are scored one row each, unreadable ones with their reason, without reading all at once (5 s: Keras)."""

import json
from collections.abc import Iterator
from pathlib import Path

import keras
import pandas as pd
import pytest
from PIL import Image

from smearflow.models.scorer import Score, score_files
from smearflow.models.spec import ScoreSpec
from smearflow.models.training import run_module
from smearflow.registry.serving import BATCH
from tests.trained_cells import SIDE, split_of_cells


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that says how bright an image is."""
    folder = tmp_path_factory.mktemp("bundle")
    pixels = keras.Input((SIDE, SIDE, 3))
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 765)(pixels))
    head = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
    keras.Model(pixels, head(mean)).save(folder / "model.keras")
    facts = {"name": "bright", "input_size": SIDE, "classes": ["a", "b"], "positive": "b", "threshold": 0.5}
    (folder / "model.json").write_text(json.dumps(facts))
    return folder


def test_an_unreadable_file_has_its_reason_and_nothing_else(bundle: Path, tmp_path: Path) -> None:
    white, broken = tmp_path / "white.png", tmp_path / "broken.png"
    Image.new("RGB", (50, 60), (255, 255, 255)).save(white)
    broken.write_bytes(white.read_bytes()[:40])
    good, bad = score_files(bundle, [white, broken])
    assert good == Score(white, "b", pytest.approx(1, abs=1e-4), "b", None)
    assert (bad.label, bad.probability, bad.decision) == (None, None, None)
    assert bad.error


def test_files_are_read_a_batch_at_a_time(bundle: Path, tmp_path: Path) -> None:
    asked = 0

    def paths() -> Iterator[Path]:
        nonlocal asked
        for _ in range(3 * BATCH):
            asked += 1
            yield tmp_path / "gone.png"

    assert next(score_files(bundle, paths())).error
    assert asked == BATCH


def test_the_scorer_scores_one_set_of_a_split_in_its_own_process(bundle: Path, tmp_path: Path) -> None:
    table = split_of_cells(tmp_path / "cells", images=40)
    spec = ScoreSpec(
        bundle=bundle, parts=table, root=table.parent, split="test", out=tmp_path / "test.parquet", threads=1
    )
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    lines: list[str] = []
    run_module("smearflow.models.scorer", tmp_path / "spec.json", "bright", 120, lines.append)
    scored = pd.read_parquet(tmp_path / "test.parquet")
    assert lines == ["scored 8 images, 0 of them unreadable"]
    assert set(scored["split"]) == {"test"}
    assert scored["probability"].between(0.3, 0.9).all()
