"""Features of images are computed once: what is known isn't even decoded (5 s: worker processes)."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smearflow.models import features
from smearflow.models.backbones import find
from smearflow.models.engines import Array
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import cache_at, compute, fullest, network_digest, precisions, stream_of, unknown
from smearflow.models.pixels import CHUNK
from smearflow.models.spec import TrainSpec
from tests.trained_cells import SIDE, cell, spec_of, split_of_cells

IMAGES = CHUNK + 12


def colours(pixels: Array) -> Array:
    """An engine whose features are the mean colour of an image, float32 (n, 3)."""
    return pixels.mean(axis=(1, 2), dtype=np.float32)


@pytest.fixture
def spec(tmp_path: Path) -> TrainSpec:
    table = split_of_cells(tmp_path / "cells", images=IMAGES)
    return spec_of(table, tmp_path / "out", name="MobileNetV2", cut="block_1_expand_relu", weights="random")


@pytest.fixture
def rows(spec: TrainSpec) -> pd.DataFrame:
    return pd.read_parquet(spec.parts)


def see(spec: TrainSpec, rows: pd.DataFrame) -> FeatureCache:
    """A cache that ``rows`` went through, as a training does it."""
    cache = cache_at(spec, "network", "f32")
    missing = unknown(cache, rows)
    with stream_of(spec, missing) as stream:
        compute(stream, colours, cache, len(rows) - len(missing))
    return cache


def test_the_unreadable_and_the_changed_have_no_features(
    spec: TrainSpec, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    (spec.root / rows["path"][5]).write_bytes(b"no image")
    (spec.root / rows["path"][CHUNK + 1]).unlink()
    cell(99, infected=True).save(spec.root / rows["path"][7])  # not what was scanned
    cache = see(spec, rows)
    assert np.flatnonzero(~cache.knows(rows["sha256"].tolist())).tolist() == [5, 7, CHUNK + 1]
    wanted = [np.asarray(cell(index, infected=index % 2 == 0)).mean(axis=(0, 1)) for index in (CHUNK + 2, 0)]
    assert np.allclose(cache.gather(rows["sha256"][[CHUNK + 2, 0]].tolist()), wanted, atol=1e-3)
    assert capsys.readouterr().out == f"features {IMAGES}/{IMAGES}\n"


def test_an_added_image_is_the_only_one_that_is_decoded(
    spec: TrainSpec, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    see(spec, rows[1:])
    for path in rows["path"][1:]:
        (spec.root / path).unlink()
    cache = see(spec, rows)
    assert cache.knows(rows["sha256"].tolist()).all()
    assert capsys.readouterr().out.splitlines()[-1] == f"features {IMAGES}/{IMAGES}"
    assert unknown(cache, rows).empty


def test_copies_of_an_image_are_seen_once(spec: TrainSpec, rows: pd.DataFrame) -> None:
    cache = cache_at(spec, "network", "f32")
    assert unknown(cache, pd.concat([rows, rows])).equals(rows)


def test_a_killed_run_is_taken_up_where_it_was(spec: TrainSpec, rows: pd.DataFrame) -> None:
    code = f"""
import os, signal
from pathlib import Path
import pandas as pd
from smearflow.models import features
from smearflow.models.spec import TrainSpec
from tests.test_models_features import colours

def until_the_second_batch(pixels):
    if len(pixels) < {CHUNK}:
        os.kill(os.getpid(), signal.SIGKILL)
    return colours(pixels)

if __name__ == "__main__":
    features.SHARD = 1  # a shard a batch
    spec = TrainSpec.model_validate_json({spec.model_dump_json()!r})
    rows = pd.read_parquet(spec.parts)
    with features.stream_of(spec, rows) as stream:
        features.compute(stream, until_the_second_batch, features.cache_at(spec, "network", "f32"))
"""
    script = spec.root / "killed.py"
    script.write_text(code)
    checkout = Path(__file__).parents[1]
    died = subprocess.run([sys.executable, script], cwd=checkout, env={"PYTHONPATH": str(checkout)})
    assert died.returncode == -9
    assert len(unknown(cache_at(spec, "network", "f32"), rows)) == IMAGES - CHUNK
    assert see(spec, rows).knows(rows["sha256"].tolist()).all()


def test_shards_are_closed_when_they_are_full_or_old(
    spec: TrainSpec, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "PATIENCE", 0.0)
    cache = see(spec, rows)
    assert len(list(cache.folder.glob("*.npy"))) == 2


def test_the_fullest_cache_is_used_and_float32_where_none_has_more(spec: TrainSpec, rows: pd.DataFrame) -> None:
    plain, coarse = cache_at(spec, "network", "f32"), cache_at(spec, "network", "bf16")
    assert fullest([plain, coarse], rows) is plain
    coarse.add(rows["sha256"][:1].tolist(), np.ones((1, 3), np.float32))
    assert fullest([plain, coarse], rows) is coarse


def test_bfloat16_is_for_those_who_ask_for_it(spec: TrainSpec) -> None:
    assert precisions(spec) == ("f32",)
    asked = spec.model_copy(update={"train": spec.train.model_copy(update={"bfloat16": True})})
    assert precisions(asked) in (("f32", "bf16"), ("f32",))


def test_another_head_shares_features_and_another_network_does_not(spec: TrainSpec, tmp_path: Path) -> None:
    row = find("MobileNetV2")

    def changed(**model: object) -> str:
        return network_digest(spec.model_copy(update={"model": spec.model.model_copy(update=model)}), row)

    same = network_digest(spec, row)
    assert changed(epochs=3) == same
    weights = tmp_path / "weights.h5"
    weights.write_bytes(b"weights")
    others = {
        changed(cut=("block_3_expand_relu",)),
        changed(input_size=2 * SIDE),
        network_digest(spec.model_copy(update={"weights_file": weights}), row),
        network_digest(spec.model_copy(update={"train": spec.train.model_copy(update={"seed": 2})}), row),
    }
    assert len(others | {same}) == 5
