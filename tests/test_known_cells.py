"""The cells as runs last saw them."""

from pathlib import Path

import pandas as pd
from drawn_decisions import RUN, cells, run_that_saw

from smearflow.known_cells import cells_of, known_cells
from smearflow.workspace import Workspace


def test_the_last_run_whose_manifest_is_kept_is_found(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert known_cells(workspace) is None
    run_that_saw(workspace, cells(4), tmp_path)
    for later in ("20261130-080000-bbbb", "20261201-080000-cccc", "20261202-080000-dddd"):
        run_that_saw(workspace, cells(6), tmp_path, later)
    (workspace.run("20261130-080000-bbbb") / "manifest.parquet").unlink()  # pruned
    (workspace.run("20261201-080000-cccc") / "summary.json").write_text("{}")  # another version's
    (workspace.run("20261202-080000-dddd") / "summary.json").unlink()  # killed
    run, found = known_cells(workspace) or ("", pd.DataFrame())
    assert run == RUN
    pd.testing.assert_frame_equal(found.sort_values("sha256", ignore_index=True), cells(4))
    assert cells_of(workspace, "20261130-080000-bbbb") is None and cells_of(workspace, "no run") is None
