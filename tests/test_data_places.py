"""From what a source names to a folder: the cases that ingest (test_tasks_ingest) doesn't come to."""

from pathlib import Path

import pytest

from smearflow.data.places import checked_digest, demo_cells, place_of
from smearflow.errors import SourceError
from smearflow.settings import Data, Demo
from smearflow.workspace import Workspace, file_digest

SMALL = Data(demo=Demo(images=60, patients=6))


def test_drawn_cells_are_drawn_once(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    folder, faults = place_of("demo", workspace, SMALL)
    image = next(folder.rglob("*.png"))
    before = image.stat()
    assert (demo_cells(workspace, SMALL), faults) == (folder, {})
    assert image.stat() == before


def test_other_settings_draw_other_cells(tmp_path: Path) -> None:
    other = Data(demo=Demo(images=60, patients=6, seed=2))
    assert demo_cells(Workspace.at(tmp_path), SMALL) != demo_cells(Workspace.at(tmp_path), other)


def test_a_folder_is_itself_and_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    for name in ("cells", "nowhere"):
        assert place_of(str(tmp_path / name), Workspace.at(tmp_path), Data()) == (tmp_path / name, {})


def test_a_digest_may_be_written_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    digest = file_digest(tmp_path / "file")
    assert checked_digest(tmp_path / "file", digest.upper()) == digest


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        checked_digest(tmp_path, None)
