"""The table of heat maps, and who of it is shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from smearflow.models.explain import Explainer
from smearflow.models.heatmaps import COLUMNS, draw, heat_table, side_by_side, to_show
from smearflow.registry.serving import Classifier, load
from tests.drawn_networks import bundle_of, spotter
from tests.trained_cells import CLASSES, SIDE, cell, split_of_cells


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return load(bundle_of(spotter(), tmp_path_factory.mktemp("spotter") / "bundle"))


def test_each_image_has_its_answer_its_share_on_the_cell_and_its_peak(classifier: Classifier, tmp_path: Path) -> None:
    rows = pd.read_parquet(split_of_cells(tmp_path, images=24))
    rows["probability"] = np.where(rows["label"] == CLASSES[0], 0.9, 0.1)
    rows.loc[[0, 1], "probability"] = [0.2, 0.8]
    (tmp_path / rows["path"][5]).unlink()
    table, maps = heat_table(Explainer(spotter()), rows, tmp_path, classifier)
    assert list(table.columns) == COLUMNS
    assert len(table) == len(maps) == 23
    assert table["kind"].tolist()[:4] == ["missed", "false_alarm", "hit", "cleared"]
    assert set(table["resolution"]) == {SIDE}
    hits = table[table["kind"] == "hit"]
    assert (hits["share_inside"] > 0.9).all() and hits["peak_x"].between(0.2, 0.8).all()
    assert table.loc[table["kind"] == "cleared", ["share_inside", "peak_x"]].isna().all(axis=None)


def test_shown_are_the_surest_mistakes_and_hits_that_nobody_picked(classifier: Classifier) -> None:
    table = pd.DataFrame(
        [
            ("a", "7", CLASSES[0], 0.99, "hit"),
            ("b", "3", CLASSES[0], 0.60, "hit"),
            ("c", "1", CLASSES[0], 0.40, "missed"),
            ("d", "2", CLASSES[0], 0.01, "missed"),
            ("e", "4", CLASSES[1], 0.55, "false_alarm"),
            ("f", "5", CLASSES[1], 0.70, "false_alarm"),
            ("g", "6", CLASSES[1], 0.10, "cleared"),
        ],
        columns=["path", "sha256", "label", "probability", "kind"],
    )
    assert to_show(table, classifier, 1, 0) == [1, 3, 5]
    assert to_show(table, classifier, 0, 3) == [2, 3, 5]
    assert to_show(table, classifier, 0, 0) == []
    assert to_show(table, classifier, 9, 9) == [0, 1, 2, 3, 4, 5]


def test_a_picture_has_the_cell_as_it_is_beside_the_cell_under_its_heat(tmp_path: Path) -> None:
    cell(1, True).save(tmp_path / "a.png")
    rows = pd.DataFrame({"path": ["a.png", "gone.png"], "sha256": ["a" * 64, "b" * 64]}, index=[7, 9])
    heat = np.zeros((2, 24, 24), np.float32)
    heat[:, 6, 15] = 1
    names = draw(rows, heat, tmp_path, tmp_path)
    assert names.index.tolist() == [7, 9] and names[7] == f"heat-{'a' * 16}.png" and names[9] is None
    with Image.open(tmp_path / str(names[7])) as picture:
        pixels = np.asarray(picture, int)
    side = len(pixels)
    assert pixels.shape == (side, 2 * side, 3)
    changed = np.abs(pixels[:, side:] - pixels[:, :side]).sum(axis=2)
    down, along = np.unravel_index(changed.argmax(), changed.shape)
    assert (down * 24 // side, along * 24 // side) == (6, 15)
    assert changed[side // 2 :, : side // 2].max() <= 1  # rounding


def test_without_heat_both_halves_are_the_same() -> None:
    picture = np.asarray(side_by_side(np.full((16, 16, 3), 90, np.uint8), np.zeros((4, 4), np.float32)))
    assert (picture == 90).all()
