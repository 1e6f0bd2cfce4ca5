"""Cells without labels become a queue; those that have one are passed by."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound

from smearflow.data.helpful import MEASURES
from smearflow.data.manifest import write_manifest
from smearflow.errors import UsageError
from tasks.order_cells import order_cells, says
from tasks.score import Scored


@pytest.fixture
def cells(tmp_path: Path) -> pd.DataFrame:
    """A written manifest of 20 cells without a label, 10 with one, and one that is left out."""
    rows = sound(30, 5)
    rows.loc[:19, "label"] = None
    rows.loc[3, "reason"] = "blurred"
    rows = rows.assign(**{name: rows["width"] + number for number, name in enumerate(MEASURES) if name not in rows})
    write_manifest(rows, tmp_path)
    return rows


def test_what_the_champion_says_is_found_by_content(tmp_path: Path, cells: pd.DataFrame) -> None:
    moved = cells.assign(path="elsewhere/" + cells["path"], probability=0.25)
    moved.to_parquet(tmp_path / "scored.parquet")
    found = order_cells.function(
        tmp_path / "queue", tmp_path / "manifest.parquet", Scored(tmp_path / "scored.parquet", 30)
    )
    queue = pd.read_parquet(found.path)
    assert found.cells == len(queue) == 19 and found.doubted
    assert queue["probability"].eq(0.25).all() and set(queue["path"]) <= set(cells["path"][:20])
    assert "19 cells" in says(found) and "unsure" in says(found)


def test_without_a_champion_cells_are_as_unlike_as_can_be(tmp_path: Path, cells: pd.DataFrame) -> None:
    found = order_cells.function(tmp_path / "queue", tmp_path / "manifest.parquet", None)
    assert found.cells == 19 and not found.doubted and "unsure" not in says(found)
    assert pd.read_parquet(found.path)["probability"].isna().all()


def test_where_every_cell_has_a_label_the_other_way_is_named(tmp_path: Path) -> None:
    write_manifest(sound(), tmp_path)
    with pytest.raises(UsageError, match="No cell waits for a label") as raised:
        order_cells.function(tmp_path / "queue", tmp_path / "manifest.parquet", None)
    assert "--data" in raised.value.fix and not (tmp_path / "queue").exists()
