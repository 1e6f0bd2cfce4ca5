"""The stage: a drawn smear with changed copies in it, from scan to artifact."""

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from smearflow.data.manifest import Manifest, manifest_of, read_manifest, usable, write_manifest
from smearflow.data.scanning import scan
from smearflow.data.sources import list_folder
from smearflow.data.synthetic import draw_cells
from smearflow.data.thumbnails import Thumbnails
from smearflow.settings import Data, Demo, Duplicates, Quality
from tasks.deduplicate import Deduplicated, deduplicate, says


@pytest.fixture(scope="module")
def smear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 cells; a turned copy beside its original, and a mirrored one, as JPEG, in the other class."""
    root = tmp_path_factory.mktemp("smear") / "cells"
    draw_cells(root, Demo(images=60, patients=6))
    one, other = sorted((root / "Uninfected").iterdir())[:2]
    Image.open(one).rotate(90, expand=True).save(root / "Uninfected" / "C900P1ThinF_cell_1.png")
    ImageOps.mirror(Image.open(other).convert("RGB")).save(root / "Parasitized" / "C900P1ThinF_cell_2.jpg", quality=85)
    return root


@pytest.fixture
def scanned(smear: Path, tmp_path: Path) -> Manifest:
    listing = list_folder(smear)
    rows = scan(listing.root, listing.files, Data(), Quality(), 1, lambda _: None)
    write_manifest(rows, tmp_path)
    return manifest_of(rows, tmp_path, listing.root, len(rows))


def found(scanned: Manifest, folder: Path, how: Duplicates = Duplicates()) -> Deduplicated:  # noqa: B008 (frozen)
    return deduplicate.function(folder / "found", scanned, scanned.root, how, Thumbnails(folder / "kept"))


def test_a_conflict_goes_to_review_and_the_rest_stays_together(scanned: Manifest, tmp_path: Path) -> None:
    result = found(scanned, tmp_path)
    assert (result.near, result.across, result.clusters) == (2, 1, 1)
    assert result.manifest.reasons == {"label_conflict": 2}
    assert (result.manifest.review, result.manifest.images) == (2, scanned.images - 2)
    together = usable(read_manifest(result.manifest.path)).dropna(subset="cluster")
    assert len(together) == 2 and together["group"].nunique() == 2
    assert result.manifest.digest != scanned.digest


def test_copies_are_dropped_where_the_settings_say_so(scanned: Manifest, tmp_path: Path) -> None:
    result = found(scanned, tmp_path, Duplicates(near="drop"))
    assert result.manifest.reasons == {"label_conflict": 2, "near_duplicate": 1}
    assert result.clusters == 0


def test_nothing_is_compared_where_the_settings_say_off(scanned: Manifest, tmp_path: Path) -> None:
    result = found(scanned, tmp_path, Duplicates(near="off"))
    assert (result.near, result.compared, result.manifest.images) == (0, False, scanned.images)
    assert says(result) == "# Near-duplicates weren't looked for; 0 exact copies are left out\n"


def test_the_artifact_shows_the_pairs(scanned: Manifest, tmp_path: Path) -> None:
    result = found(scanned, tmp_path)
    told = says(result)
    assert told.startswith("# 2 pairs of near-duplicates, 1 of them across classes")
    assert "data:image/png;base64," in told
    assert result.sheet and Image.open(result.sheet).width > 4 * 64
