"""The synthetic smear: whose cells are drawn, where they go, and what is promised of them as a data set."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from smearflow.data.images import measure
from smearflow.data.manifest import STATISTICS
from smearflow.data.synthetic import cast_cells, draw_cells
from smearflow.errors import SettingsError, UsageError
from smearflow.settings import Demo, Quality

SMALL = Demo(images=60, patients=6)


@pytest.fixture(scope="module")
def smear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 cells of 20 patients, drawn by two workers."""
    folder = tmp_path_factory.mktemp("synthetic") / "smear"
    draw_cells(folder, Demo(images=400, patients=20), workers=2)
    return folder


@pytest.fixture(scope="module")
def manifest(smear: Path) -> pd.DataFrame:
    rows = [measure(smear / row["path"], Quality()) | row for row in truth(smear)]
    return pd.DataFrame(rows)


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def drawn(folder: Path, demo: Demo = SMALL, **how: int) -> dict[str, bytes]:
    draw_cells(folder, demo, **how)
    return content(folder)


def test_the_same_seed_draws_the_same_bytes_on_any_number_of_workers(tmp_path: Path) -> None:
    assert drawn(tmp_path / "one") == drawn(tmp_path / "two", workers=2)


def test_another_seed_draws_other_cells(tmp_path: Path) -> None:
    first, second = drawn(tmp_path / "one"), drawn(tmp_path / "two", Demo(images=60, patients=6, seed=1))
    assert not set(first.values()) & set(second.values())


def test_the_truth_lists_every_picture_in_its_class_folder(smear: Path) -> None:
    rows = truth(smear)
    assert sorted(r["path"] for r in rows) == sorted(f.relative_to(smear).as_posix() for f in smear.rglob("*.png"))
    assert all(r["path"].startswith(f"{r['label']}/{r['group']}P") for r in rows)
    assert len({Path(r["path"]).name for r in rows}) == 400


def test_names_are_those_of_the_nlm_set(smear: Path) -> None:
    pattern = r"(C\d+)P\d+(N_)?ThinF_IMG_20\d{6}_\d{6}_cell_\d+\.png"
    matches = [re.fullmatch(pattern, Path(r["path"]).name) for r in truth(smear)]
    assert [m and m[1] for m in matches] == [r["group"] for r in truth(smear)]


@pytest.mark.parametrize("demo", [Demo(), SMALL, Demo(images=600, patients=300), Demo(images=5000, patients=6, seed=5)])
def test_classes_are_balanced_and_a_quarter_of_the_patients_healthy(demo: Demo) -> None:
    cells = pd.DataFrame(cast_cells(demo, "Parasitized", "Uninfected"))
    infected = cells.groupby("group")["infected"]
    assert (len(cells), infected.ngroups, cells["path"].is_unique) == (demo.images, demo.patients, True)
    assert 0.35 < cells["infected"].mean() <= 0.5
    assert (~infected.any()).sum() >= round(demo.patients / 4)


def test_most_patients_have_cells_of_both_classes() -> None:
    both = pd.DataFrame(cast_cells(Demo(), "Parasitized", "Uninfected")).groupby("group")["infected"].nunique() == 2
    assert both.sum() == 36


def test_the_users_own_class_names_are_used(tmp_path: Path) -> None:
    draw_cells(tmp_path / "smear", SMALL, classes=("clean", "sick"), positive="sick")
    assert {(r["label"], bool(r["boxes"])) for r in truth(tmp_path / "smear")} == {("sick", True), ("clean", False)}


def test_progress_is_told_of_every_cell_once(tmp_path: Path) -> None:
    told: list[int] = []
    draw_cells(tmp_path / "smear", SMALL, progress=told.append)
    assert sum(told) == 60


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="name a folder"):
        draw_cells(tmp_path, SMALL)
    assert content(tmp_path) == {"mine.txt": b"mine"}


def test_an_interrupted_drawing_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_cells(tmp_path / "smear", SMALL, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert len(drawn(tmp_path)) == 61


def test_more_patients_than_cells_are_refused_with_a_number_that_works(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="patients=6"):
        draw_cells(tmp_path / "smear", Demo(images=60, patients=61))


def test_every_box_lies_in_its_picture_and_holds_the_most_purple_of_the_cell(smear: Path) -> None:
    for row in truth(smear):
        pixels = np.asarray(Image.open(smear / row["path"])).astype(float)
        purple = pixels[..., [0, 2]].mean(-1) - pixels[..., 1]  # green is what the stain takes
        usual = np.median(purple[pixels.any(-1)])
        for x0, y0, x1, y1 in (map(int, box.split()) for box in row["boxes"].split(";") if box):
            assert 0 <= x0 < x1 <= pixels.shape[1] and 0 <= y0 < y1 <= pixels.shape[0], row
            assert np.percentile(purple[y0:y1, x0:x1], 97) > usual + 6, row


def test_boxes_come_with_the_kind_of_each_parasite_in_order(smear: Path) -> None:
    parasites = {"ring", "trophozoite"}
    for row in truth(smear):
        kinds, boxes = row["kind"].split(";"), row["boxes"].split(";") if row["boxes"] else []
        assert set(kinds[: len(boxes)]) <= parasites and not set(kinds[len(boxes) :]) & parasites
        assert bool(boxes) == (row["label"] == "Parasitized")


def test_every_cell_passes_the_scan_and_is_of_a_size_that_nlm_crops_have(manifest: pd.DataFrame) -> None:
    assert manifest.get("reason", pd.Series(dtype=str)).isna().all()
    assert manifest["width"].between(46, 394).all() and manifest["height"].between(40, 385).all()
    assert manifest[["width", "height"]].stack().between(100, 180).mean() > 0.95


def test_statistics_alone_do_not_tell_the_classes_apart(manifest: pd.DataFrame) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = manifest[["width", "height", "bytes", *(column.name for column in STATISTICS)]].to_numpy(float)
    model = make_pipeline(StandardScaler(), linear_model.LogisticRegression(max_iter=2000))
    infected = manifest["label"] == "Parasitized"
    folds = cross_val_score(model, known, infected, groups=manifest["group"], cv=GroupKFold(5))
    assert folds.mean() <= 0.75
