"""Cut and size are chosen on training patients, and the trained model says what was compared (40 s: engines)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.models import comparison
from smearflow.models.backbones import find
from smearflow.models.comparison import Candidate, Cost, cheapest_within_error, sample, settled, sizes_of, work_of
from smearflow.models.features import network_digest
from smearflow.models.fitted import Array
from smearflow.models.frozen import features_to_compute
from smearflow.models.spec import Trained
from smearflow.models.training import run_trainer
from tests.trained_cells import SIDE, spec_of, split_of_cells

ROW = find("MobileNetV2")


def test_a_trainer_chooses_the_cut_and_says_what_it_compared(tmp_path: Path) -> None:
    table = split_of_cells(tmp_path / "cells")
    lines: list[str] = []
    spec = spec_of(table, tmp_path / "out", name="MobileNetV2", cut="auto", weights="random", epochs=2)
    trained = run_trainer(spec, 300, lines.append)
    (chosen,) = [each for each in trained.cuts if each.chosen]
    assert (chosen.cut, chosen.input_size) == (trained.cut, trained.input_size)
    assert len(trained.cuts) == 15 and {each.input_size for each in trained.cuts} == {SIDE}
    assert chosen.params < trained.params < 2_300_000
    best = max(each.accuracy for each in trained.cuts)
    assert 0 <= best - chosen.accuracy < 0.2
    assert f"cut {chosen.cut} at {SIDE} px is taken, of 15 that were compared" in lines
    assert Trained(**trained.model_dump()) == trained


def test_what_was_compared_need_not_be_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "SIZES", (32, 48))
    table = split_of_cells(tmp_path / "cells")
    model = {"cut": ("block_1_expand_relu", "block_3_expand_relu"), "input_size": "auto"}
    spec = spec_of(table, tmp_path, name="MobileNetV2", weights="random", **model)
    rows = pd.read_parquet(table)
    chosen, compared = settled(spec, ROW, rows)
    assert [each.input_size for each in compared] == [32, 48]
    assert chosen.model.cut == model["cut"] and chosen.input_size in (32, 48)
    assert (features_to_compute(chosen, ROW, rows)["split"] != "train").all()
    again, _ = settled(spec, ROW, rows)
    assert network_digest(again, ROW) == network_digest(chosen, ROW)
    assert settled(chosen, ROW, rows) == (chosen, ())


def candidate(right: Array, work: int) -> Candidate:
    nowhere: Any = None
    return Candidate(nowhere, ("layer",), right, Cost(work, 1.0, 1))


def test_the_cheapest_within_an_error_of_the_best_is_taken() -> None:
    right = np.random.default_rng(1).random(1000) < 0.95
    near, far = right.copy(), right.copy()
    near[np.flatnonzero(right)[:3]], near[np.flatnonzero(~right)[:2]] = False, True
    far[np.flatnonzero(right)[:80]] = False
    dear, fair, bad = (candidate(r, v) for r, v in ((right, 900), (near, 500), (far, 100)))
    patients = np.arange(1000) % 50
    assert cheapest_within_error([dear, bad], patients) is dear
    assert cheapest_within_error([dear, fair, bad], patients) is fair


def test_every_patient_is_in_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame({"group": [f"C{n % 40}" for n in range(4000)], "sha256": [f"{n:064}" for n in range(4000)]})
    monkeypatch.setattr(comparison, "IMAGES", 400)
    assert sample(rows)["group"].value_counts().between(9, 11).all() and len(sample(rows)) == 400
    assert len(sample(rows.head(100))) == 100


def test_sizes_that_a_backbone_cannot_take_are_not_compared(tmp_path: Path) -> None:
    spec = spec_of(split_of_cells(tmp_path, images=20), tmp_path, name="Xception", weights="random", input_size="auto")
    assert sizes_of(spec, find("Xception")) == (96, 128)


def test_work_is_kernels_times_places() -> None:
    pixels = keras.Input((8, 8, 3))
    deep = keras.layers.DepthwiseConv2D(3, strides=2, padding="same")(keras.layers.Conv2D(5, 3, padding="same")(pixels))
    assert work_of(keras.Model(pixels, deep)) == 64 * 3 * 3 * 3 * 5 + 16 * 3 * 3 * 5
