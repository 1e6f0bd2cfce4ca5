"""What a validation names on the terminal: from the tables that it left, a line a file."""

from pathlib import Path

import pandas as pd

from flows.faults import NAMED, fault_lines
from smearflow.data.apart import apart_of
from smearflow.data.manifest import as_manifest, write_manifest
from smearflow.summary import Paths


def left_by_validation(folder: Path, broken: int = 1) -> Paths:
    """Two cells that are copies, one of them a palette image, so many broken ones, a link and a text."""
    rows = [
        {"path": "sick/a.png", "sha256": "a", "reason": None, "converted": "palette"},
        {"path": "sick/b.png", "sha256": "b", "reason": None},
        *({"path": f"sick/{n}\n.png", "reason": "truncated", "error": "no IEND"} for n in range(broken)),
    ]
    write_manifest(as_manifest(pd.DataFrame(rows)), folder)
    pairs = pd.DataFrame({"first": ["a"], "second": ["b"], "likeness": [0.99], "across": [True]})
    pairs.to_parquet(folder / "pairs.parquet")
    apart_of([("round", "link", ".. (a loop)"), ("notes.txt", "other_file", None)]).to_parquet(folder / "apart.parquet")
    names = {name: folder / f"{name}.parquet" for name in ("manifest", "quarantine", "pairs", "apart")}
    return Paths(**names)


def test_each_file_is_named_with_its_reason_and_each_table_with_its_place(tmp_path: Path) -> None:
    lines = fault_lines(left_by_validation(tmp_path))
    assert f"left out: 1, in {tmp_path}/quarantine.parquet" in lines
    assert "  sick/0 .png: truncated (no IEND)" in lines
    assert "  sick/a.png and sick/b.png: 0.990 alike, under both classes" in lines
    assert "  sick/a.png: palette" in lines
    assert "  round: not followed (.. (a loop))" in lines
    assert "  notes.txt: not an image by its name" in lines


def test_of_very_many_the_first_are_named(tmp_path: Path) -> None:
    lines = fault_lines(left_by_validation(tmp_path, broken=NAMED + 3))
    assert sum(": truncated" in line for line in lines) == NAMED
    assert "  ... and 3 more" in lines


def test_of_good_data_nothing_is_said(tmp_path: Path) -> None:
    write_manifest(as_manifest(pd.DataFrame([{"path": "a.png", "sha256": "a"}])), tmp_path)
    paths = Paths(manifest=tmp_path / "manifest.parquet", quarantine=tmp_path / "quarantine.parquet")
    assert fault_lines(paths) == []
