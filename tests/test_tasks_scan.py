"""Scan as a stage: one image more is one image measured, and what was measured is said."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from drawn_cells import cell, encoded, folder_of_cells

from smearflow.data import scanning
from smearflow.data.manifest import Manifest
from smearflow.errors import UsageError
from smearflow.settings import Data, Settings
from smearflow.workspace import Workspace


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of every file that is really opened and measured, in this process."""
    names: list[str] = []
    measure = scanning.measure
    monkeypatch.setattr(scanning, "measure", lambda path, quality: names.append(path.name) or measure(path, quality))
    return names


@pytest.fixture
def scan_once(prefect_server, tmp_path):
    """Ingests and scans a source in a workspace of this test, on the real server."""
    from prefect import flow

    from tasks.ingest import ingest
    from tasks.scan import memory_of, scan
    from tasks.stage import Run

    def once(source: Path | tuple[str, ...], fresh: bool = False, **chosen: str) -> tuple[Manifest, str]:
        data = Data(source=source if isinstance(source, tuple) else str(source), **chosen)
        run = Run("validate", Settings(data=data), Workspace.at(tmp_path / "workspace"), "a-run", fresh)

        @flow(name="test")
        def both() -> Manifest:
            source = ingest(run, run.workspace, data)
            return scan(run, source, data, run.settings.quality, memory_of(run), scanning.HERE)

        return both(), run.stages[-1].state

    return once


def test_one_added_image_is_one_image_measured(scan_once, measured, tmp_path):
    cells = folder_of_cells(tmp_path / "cells")
    assert scan_once(cells)[0].measured == len(measured) == 24
    measured.clear()
    (cells / "Uninfected" / "C9_new.png").write_bytes(encoded(cell(77)))
    manifest, state = scan_once(cells)
    assert measured == ["C9_new.png"]
    assert (manifest.measured, manifest.rows, manifest.images, state) == (1, 25, 25, "completed")


def test_a_manifest_from_memory_is_that_of_a_fresh_scan(scan_once, measured, tmp_path):
    cells = folder_of_cells(tmp_path / "cells")
    scan_once(cells)
    (cells / "Uninfected" / "bad.png").write_bytes(b"no image")
    shutil.copy(cells / "Uninfected" / "C0P0ThinF_cell_0.png", cells / "Uninfected" / "C0_copy.png")
    recalled = pd.read_parquet(scan_once(cells)[0].path)
    measured.clear()
    manifest, state = scan_once(cells, fresh=True)
    assert (manifest.measured, len(measured), state) == (26, 26, "completed")
    pd.testing.assert_frame_equal(pd.read_parquet(manifest.path), recalled)
    assert manifest.reasons == {"duplicate": 1, "not_an_image": 1}


def test_an_unchanged_folder_is_cached_and_a_damaged_manifest_made_again_from_memory(scan_once, measured, tmp_path):
    cells = folder_of_cells(tmp_path / "cells")
    manifest, _ = scan_once(cells)
    measured.clear()
    assert scan_once(cells) == (manifest, "cached")
    manifest.path.write_bytes(b"")
    again, state = scan_once(cells)
    assert (again.digest, again.measured, measured, state) == (manifest.digest, 0, [], "completed")


def test_a_wrong_pattern_costs_no_second_scan(scan_once, measured, tmp_path):
    cells = folder_of_cells(tmp_path / "cells")
    with pytest.raises(UsageError, match="no patient"):
        scan_once(cells, group_pattern="^(Z)")
    measured.clear()
    assert scan_once(cells)[0].groups == 4
    assert measured == []


def test_an_image_more_in_the_second_of_two_folders_is_one_image_measured(scan_once, measured, tmp_path):
    both = (str(folder_of_cells(tmp_path / "one")), str(folder_of_cells(tmp_path / "two", patients=5, each=2)))
    scan_once(both)
    measured.clear()
    (tmp_path / "two" / "Uninfected" / "C9_new.png").write_bytes(encoded(cell(7777)))
    manifest, _ = scan_once(both)
    assert measured == ["C9_new.png"]
    assert manifest.rows == 45


def test_what_was_new_and_what_was_known_is_said(scan_once, tmp_path):
    from tasks.scan import says

    cells = folder_of_cells(tmp_path / "cells")
    scan_once(cells)
    (cells / "Uninfected" / "C9_new.png").write_bytes(encoded(cell(77)))
    assert "1 images were measured, 24 were known" in says(scan_once(cells)[0])


def test_files_that_are_left_out_are_named_with_their_reasons(scan_once, tmp_path):
    from tasks.scan import says

    cells = folder_of_cells(tmp_path / "cells")
    (cells / "Uninfected" / "bad|name.png").write_bytes(b"no image")
    told = says(scan_once(cells)[0])
    assert "| `Uninfected/bad/name.png` | not_an_image |" in told


def test_images_that_were_converted_are_counted(scan_once, tmp_path):
    from tasks.scan import says

    cells = folder_of_cells(tmp_path / "cells")
    assert "converted" not in says(scan_once(cells)[0])
    (cells / "Uninfected" / "C9_grey.png").write_bytes(encoded(cell(77).convert("L")))
    assert "1 images were converted to 8-bit RGB: grey 1." in says(scan_once(cells)[0])
