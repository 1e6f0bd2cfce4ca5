"""Exports say what the bundle says, in each format; a nested ensemble with a cut backbone, converted once (20 s)."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.errors import TrainingError
from smearflow.models.backbones import find
from smearflow.models.bundles import write_bundle
from smearflow.models.ensemble import assembled
from smearflow.models.exports import KERAS, milliseconds, sample_of
from smearflow.models.networks import compact, features_of, with_head, with_probability
from smearflow.models.spec import ExportSpec, Measured
from smearflow.models.training import run_module
from smearflow.settings import Model
from tests.trained_cells import CLASSES, SIDE, cell, split_of_cells

FORMATS = ("litert-float32", "litert-int8", "openvino-float16")


def small_ensemble() -> Any:
    """compact and a cut MobileNetV2 at random weights, whose probabilities spread; int8 doesn't suit the second."""
    keras.utils.set_random_seed(1)
    draw = np.random.default_rng(0)
    cells = np.stack([np.asarray(cell(seed, seed % 2 == 0)) for seed in range(20)])
    whole = compact(SIDE)
    model = Model(name="MobileNetV2", input_size=SIDE, cut=("block_1_expand_relu",))
    frozen = features_of(find("MobileNetV2"), model, None)
    kernel = draw.normal(0, 5, 128).astype(np.float32)
    whole.set_weights([*whole.get_weights()[:-2], kernel[:, None], np.zeros(1)])
    middle = float(np.median(whole.predict(cells, verbose=0)))
    whole.set_weights([*whole.get_weights()[:-2], kernel[:, None], np.array([-middle])])
    features = frozen.predict(cells, verbose=0)
    head = (draw.normal(0, 1, features.shape[1]) / (features.std(axis=0) + 1e-3)).astype(np.float32)
    return assembled([with_probability(whole), with_head(frozen, head, -float(np.median(features @ head)))], SIDE)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ExportSpec:
    folder = tmp_path_factory.mktemp("exports")
    bundle = folder / "bundle"
    write_bundle(bundle, small_ensemble(), "both", input_size=SIDE, classes=CLASSES, positive=CLASSES[0])
    facts = json.loads((bundle / "model.json").read_text())
    facts |= {"calibration": {"kind": "temperature", "temperature": 0.5}}
    (bundle / "model.json").write_text(json.dumps(facts))
    table = split_of_cells(folder / "cells")
    for name in ("out", "found"):
        (folder / name).mkdir()
    return ExportSpec(
        bundle=bundle,
        formats=FORMATS,
        parts=table,
        root=table.parent,
        out=folder / "out",
        found=folder / "found",
        threads=1,
    )


@pytest.fixture(scope="module")
def lines(spec: ExportSpec) -> list[str]:
    """What the process says while it works."""
    told = spec.found / "spec.json"
    told.write_text(spec.model_dump_json())
    heard: list[str] = []
    run_module("smearflow.models.exports", told, "export", 300, heard.append)
    return heard


def test_each_format_says_what_the_bundle_says_of_each_test_image(spec: ExportSpec, lines: list[str]) -> None:
    table = pd.read_parquet(spec.found / "predictions.parquet")
    assert len(table) == 32 and set(table["split"]) == {"test"}
    assert table[KERAS].std() > 0.01
    assert np.abs(table["litert-float32"] - table[KERAS]).max() < 1e-3  # the heads are steep
    assert np.abs(table["openvino-float16"] - table[KERAS]).mean() < 0.05
    assert np.abs(table["litert-int8"] - table[KERAS]).mean() < 0.2
    assert "images 32/32" in lines


def test_sizes_and_times_are_those_of_the_files(spec: ExportSpec, lines: list[str]) -> None:
    measured = Measured.model_validate_json((spec.found / "measured.json").read_text())
    by_name = {each.name: each for each in measured.formats}
    assert tuple(by_name) == FORMATS
    for each in measured.formats:
        assert each.size == sum((spec.out / file).stat().st_size for file in each.files) > 0
        assert each.ms_one and each.ms_one > 0 and each.ms_two and each.ms_two > 0
    assert by_name["openvino-float16"].files == ("openvino-float16.xml", "openvino-float16.bin")
    assert by_name["litert-int8"].size < by_name["litert-float32"].size / 2
    assert by_name["litert-int8"].note.startswith("weights alone are int8: with sums in int8 it would be off by 0.")
    assert by_name["litert-float32"].note is None and measured.keras_ms > 0


def test_images_that_are_gone_are_told(spec: ExportSpec, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=f"None of 160 images below {tmp_path} can be read any more"):
        sample_of(pd.read_parquet(spec.parts), tmp_path, SIDE)


def test_the_median_of_few_images_is_of_many_looks() -> None:
    seen: list[int] = []
    pixels = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)
    assert milliseconds(lambda image: float(seen.append(int(image[0, 0, 0])) or 0), pixels) < 1
    assert len(seen) > 100 and set(seen) == {0, 1, 2}
