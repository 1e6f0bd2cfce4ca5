"""A bundle keeps the figures of the cells that its champion was measured on, and nothing that names a patient."""

import pandas as pd
import pytest

from smearflow.data.manifest import as_manifest
from smearflow.errors import MissingPart
from smearflow.monitoring.reference import COLUMNS, add_reference, read_reference, reference_of
from tests.drawn_patients import patients


@pytest.fixture
def bundle(tmp_path):
    cells = patients(9, seed=1, each=5)
    cells["split"] = pd.Series(pd.factorize(cells["group"])[0] % 3).map({0: "train", 1: "val", 2: "test"})
    as_manifest(cells).to_parquet(tmp_path / "manifest.parquet")
    kept = ["path", "sha256", "label", "group", "split", "probability"]
    cells[kept].to_parquet(tmp_path / "predictions.parquet")
    add_reference(tmp_path, tmp_path / "manifest.parquet", tmp_path / "predictions.parquet")
    return tmp_path


def test_only_patients_that_the_champion_was_not_trained_on_are_in_it(bundle):
    reference = read_reference(bundle, "the champion")
    assert tuple(reference.columns) == COLUMNS
    assert len(reference) == 30 and set(reference["split"]) == {"val", "test"}
    assert sorted(reference["patient"].unique()) == [1, 2, 3, 4, 5, 6]


def test_a_split_by_image_leaves_nobody_who_was_not_trained_on(tmp_path):
    cells = patients(3, seed=1, each=6)
    cells["split"] = pd.Series(range(len(cells))).mod(3).map({0: "train", 1: "val", 2: "test"})
    predictions = cells[["path", "sha256", "label", "group", "split", "probability"]]
    assert reference_of(as_manifest(cells), predictions).empty


def test_nothing_in_it_names_a_file_or_a_patient(bundle):
    stored = pd.read_parquet(bundle / "reference.parquet").astype(str)
    assert not stored.apply(lambda column: column.str.contains("C1|png")).any(axis=None)


def test_a_champion_without_one_says_how_to_get_one(tmp_path):
    with pytest.raises(MissingPart, match="models:/x@champion has no reference") as raised:
        read_reference(tmp_path, "models:/x@champion")
    assert "smearflow run" in raised.value.fix
