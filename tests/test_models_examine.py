"""A bundle held against what was measured, and timed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smearflow.models.examine import latency, parity
from smearflow.registry.serving import Classifier, load
from tests.drawn_networks import bundle_of, spotter
from tests.trained_cells import split_of_cells


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return load(bundle_of(spotter(), tmp_path_factory.mktemp("spotter") / "bundle"))


@pytest.fixture
def rows(classifier: Classifier, tmp_path: Path) -> pd.DataFrame:
    """Cells with what the classifier says of them."""
    table = pd.read_parquet(split_of_cells(tmp_path, images=12))
    said = classifier.predict([(tmp_path / path).read_bytes() for path in table["path"]])
    return table.assign(probability=said["probability"])


def test_parity_is_the_largest_difference_from_what_was_measured(
    classifier: Classifier, rows: pd.DataFrame, tmp_path: Path
) -> None:
    assert parity(classifier, rows, tmp_path) < 1e-6
    rows.loc[3, "probability"] += 0.02
    rows.loc[5, "probability"] -= 0.01
    assert parity(classifier, rows, tmp_path) == pytest.approx(0.02, abs=1e-6)


def test_a_file_that_vanished_is_no_difference(classifier: Classifier, rows: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / rows["path"][0]).unlink()
    assert parity(classifier, rows, tmp_path) < 1e-6


def test_an_image_takes_milliseconds(classifier: Classifier, rows: pd.DataFrame, tmp_path: Path) -> None:
    taken = latency(classifier, [tmp_path / path for path in rows["path"]])
    assert 0.05 < taken < 500
    assert np.isfinite(taken)
