"""Split as a stage: what it reads of the manifest, what it writes, and what the UI says of it."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound

from smearflow.errors import DataError
from smearflow.settings import Split
from smearflow.workspace import is_whole
from tasks.split import says, split


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """200 images of 25 patients, the first four of them left out by the scan."""
    rows = sound()
    rows.loc[:3, "reason"] = ["truncated", "blank", "duplicate", "label_conflict"]
    rows.to_parquet(tmp_path / "manifest.parquet")
    return tmp_path / "manifest.parquet"


def test_every_usable_image_is_in_one_set_and_no_patient_in_two(manifest: Path, tmp_path: Path) -> None:
    parts = split.function(tmp_path / "made", manifest, tmp_path / "cells", Split(), None)
    table = pd.read_parquet(parts.path)
    rows = pd.read_parquet(manifest)
    assert sorted(table["path"]) == sorted(rows.loc[rows["reason"].isna(), "path"])
    assert list(table.columns) == ["path", "sha256", "label", "group", "cluster", "split"]
    assert table["split"].value_counts().to_dict() == {"train": parts.train, "val": parts.val, "test": parts.test}
    assert (table.groupby("group")["split"].nunique() == 1).all()
    assert (parts.groups, parts.shared_groups, parts.root) == (25, 0, tmp_path / "cells")


def test_it_leaves_an_artifact_that_is_whole_and_the_same_each_time(manifest: Path, tmp_path: Path) -> None:
    first, again = (split.function(tmp_path / name, manifest, tmp_path, Split(), None) for name in ("a", "b"))
    assert is_whole(tmp_path / "a")
    assert first.digest == again.digest
    assert split.function(tmp_path / "c", manifest, tmp_path, Split(seed=1), None).digest != first.digest


def test_too_few_patients_leave_nothing_half_written(tmp_path: Path) -> None:
    sound(images=40, patients=2).to_parquet(tmp_path / "manifest.parquet")
    with pytest.raises(DataError, match="too few groups"):
        split.function(tmp_path / "made", tmp_path / "manifest.parquet", tmp_path, Split(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.parquet"]


def test_the_page_leads_with_the_counts_and_owns_up_to_shared_patients(manifest: Path, tmp_path: Path) -> None:
    apart, mixed = (split.function(tmp_path / by, manifest, tmp_path, Split(by=by), None) for by in ("group", "image"))
    assert says(apart).startswith(f"# {apart.train} images to train, {apart.val} to validate, {apart.test} to test\n")
    assert "25 groups; 0 of them are in more than one set" in says(apart)
    assert mixed.shared_groups > 0
    assert f"25 groups; {mixed.shared_groups} of them are in more than one set" in says(mixed)
