"""Read labels as a stage: a run goes by the words that count, and stops where the ledger was changed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from drawn_cells import folder_of_cells
from drawn_decisions import SICK, WELL, named

from smearflow.data.decisions import WITHDRAWN, append, head_of, read_decisions
from smearflow.data.manifest import Manifest, read_manifest
from smearflow.data.overlay import Reviewed
from smearflow.data.scanning import HERE
from smearflow.errors import DataError
from smearflow.settings import Data, Settings
from smearflow.workspace import Workspace
from tasks.read_labels import says

FILE = "Parasitized/C0P0ThinF_cell_0.png"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def scanned(prefect_server: object, place: Workspace, tmp_path: Path) -> Callable[[], tuple[Reviewed, Manifest, str]]:
    """Reads the labels and scans a folder of cells by them, as a run does; the state of the scan too."""
    from prefect import flow

    from tasks.ingest import ingest
    from tasks.read_labels import read_labels
    from tasks.scan import memory_of, scan
    from tasks.stage import Run

    data = Data(source=str(folder_of_cells(tmp_path / "cells", patients=2, each=1)))
    run = Run("validate", Settings(data=data), place, "a-run", False)

    @flow(name="test")
    def both() -> tuple[Reviewed, Manifest]:
        source = ingest(run, place, data)
        reviewed = read_labels(run, place)
        return reviewed, scan(run, source, data, run.settings.quality, memory_of(run), HERE, reviewed)

    return lambda: (*both(), run.stages[-1].state)


def test_what_was_decided_counts_in_the_next_scan(scanned, place: Workspace) -> None:
    nobody, given, _ = scanned()
    assert (nobody.decisions, nobody.readers) == (0, ())
    assert (
        "Nobody has looked at labels yet" in says.__wrapped__(nobody) if hasattr(says, "__wrapped__") else says(nobody)
    )
    append(place.labels, [named(FILE, WELL), named(FILE, WELL, "bob"), named("gone.png", SICK)])
    reviewed, changed, state = scanned()
    assert (reviewed.decisions, reviewed.readers, state) == (3, ("ann", "bob"), "completed")
    assert reviewed.head == head_of(read_decisions(place.labels))
    assert len(pd.read_parquet(reviewed.path)) == 3
    assert "# 3 decisions about labels, by 2 readers" in says(reviewed)
    row = read_manifest(changed.path).set_index("path").loc[FILE]
    assert row[["label", "label_given", "label_source"]].tolist() == [WELL, SICK, "relabelled"]
    assert (changed.labelled, changed.measured) == ({"given": 3, "relabelled": 1}, 0)
    assert changed.digest != given.digest
    append(place.labels, [named(FILE, WITHDRAWN), named(FILE, WITHDRAWN, "bob")])
    assert scanned()[1].digest == given.digest


def test_a_ledger_that_was_changed_stops_the_run(scanned, place: Workspace) -> None:
    append(place.labels, [named(FILE, WELL)])
    place.labels.write_text(place.labels.read_text().replace("ann", "bob"))
    with pytest.raises(DataError, match="changed by another hand: line 2"):
        scanned()
