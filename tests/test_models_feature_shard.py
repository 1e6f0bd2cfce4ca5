"""Shares of a frozen backbone's features: every image in one of them, and together all that a training needs."""

from pathlib import Path

import pandas as pd
import pytest

from smearflow.models.backbones import find
from smearflow.models.feature_shard import ShardSpec, share_of, shares_of
from smearflow.models.frozen import features_to_compute
from smearflow.models.training import run_module
from tests.trained_cells import spec_of, split_of_cells


def test_an_image_is_in_one_share_and_copies_are_in_the_same(tmp_path: Path) -> None:
    rows = pd.read_parquet(split_of_cells(tmp_path))
    doubled = pd.concat([rows, rows])
    shares = share_of(doubled, 3)
    assert set(shares) == {0, 1, 2}
    assert (shares.groupby(doubled["sha256"]).nunique() == 1).all()


@pytest.mark.parametrize(
    "model", [{"name": "compact"}, {"name": "MobileNetV2", "cut": "auto"}, {"name": "MobileNetV2", "recipe": "lecture"}]
)
def test_what_is_trained_whole_or_still_compared_has_no_shares(tmp_path: Path, model: dict[str, object]) -> None:
    assert shares_of(spec_of(split_of_cells(tmp_path), tmp_path / "out", **model), most=4, least=1) == 0


def test_shares_are_as_many_as_there_are_places_or_worthwhile(tmp_path: Path) -> None:
    spec = spec_of(split_of_cells(tmp_path, images=160), tmp_path / "out", name="MobileNetV2")
    assert [shares_of(spec, most=4, least=least) for least in (10, 60, 200)] == [4, 2, 0]


def test_the_shares_together_leave_nothing_to_compute(tmp_path: Path) -> None:
    table = split_of_cells(tmp_path / "cells", images=60)
    spec = spec_of(table, tmp_path / "out", name="MobileNetV2", cut="block_3_expand_relu")
    rows, left, heard = pd.read_parquet(table), [], list[str]()
    for number in range(2):
        path = tmp_path / f"{number}.json"
        path.write_text(ShardSpec(training=spec, number=number, of=2).model_dump_json())
        run_module("smearflow.models.feature_shard", path, "MobileNetV2", 200, heard.append)
        left.append(len(features_to_compute(spec, find("MobileNetV2"), rows)))
    assert 0 < left[0] < 60 and left[1] == 0
    assert sum(line.startswith("engines: ") for line in heard) == 1  # what the first one found, the second one takes
