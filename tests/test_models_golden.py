"""The golden batch: pictures that may travel, with what the bundle says of them."""

from pathlib import Path

import pandas as pd
import pytest

from smearflow.models.golden import CELLS, golden_pictures, write_golden
from smearflow.registry.serving import load
from tests.drawn_networks import bundle_of, spotter


def test_a_bundle_repeats_what_it_said(tmp_path: Path) -> None:
    bundle = bundle_of(spotter(), tmp_path / "bundle", unsure=[0.4, 0.6])
    write_golden(bundle)
    golden = pd.read_parquet(bundle / "golden.parquet")
    assert list(golden.columns) == ["image", "probability", "decision"]
    assert len(golden) == CELLS + 2
    assert golden["probability"].dtype == "float64" and golden["probability"].between(0, 1).all()
    said = load(bundle).predict(golden[["image"]])
    assert said["probability"].to_numpy() == pytest.approx(golden["probability"].to_numpy(), abs=1e-6)
    assert said["decision"].tolist() == golden["decision"].tolist()


def test_the_pictures_are_the_same_each_time_and_all_different() -> None:
    pictures = golden_pictures()
    assert pictures == golden_pictures()
    assert len(set(pictures)) == CELLS + 2
