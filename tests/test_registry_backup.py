"""A backup taken while models are promoted can be restored elsewhere, and its history is proved (10 s: MLflow)."""

import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from drawn_decisions import ledger_of, word
from drawn_registry import CHECKOUT, bundle_of, crowned, run_aside, seat_in

from smearflow.data.decisions import append, read_decisions
from smearflow.errors import UsageError
from smearflow.registry.backup import LISTING, back_up
from smearflow.registry.restoring import restore
from smearflow.registry.succession import champion_now, number_of
from smearflow.registry.verifying import verify
from smearflow.registry.versions import registered_versions

PROMOTIONS = """
import sys
from pathlib import Path
from drawn_registry import bundle_of, crowned, seat_in

folder = Path(sys.argv[1])
seat = seat_in(folder)
for number in range(1000):
    crowned(seat, bundle_of(folder, added=number / 1e6), f"r{number}")
    print(number, flush=True)
"""

DECIDING = """
import sys
from pathlib import Path
from drawn_decisions import word
from smearflow.data.decisions import append

for number in range(100_000):
    append(Path(sys.argv[1]), [word(number, "unsure")])
    print(number, flush=True)
"""


def test_while_models_are_promoted_a_backup_is_of_one_moment(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    crowned(seat, bundle_of(tmp_path))
    loop = run_aside("-c", PROMOTIONS, tmp_path, stdout=subprocess.PIPE)
    assert loop.stdout is not None
    try:
        while loop.stdout.readline().strip() != "2":
            assert loop.poll() is None, loop.stderr.read() if loop.stderr else ""
        for name in ("first.tar", "second.tar.gz"):
            back_up(seat, tmp_path / name)
            time.sleep(0.2)
        assert loop.poll() is None
    finally:
        loop.kill()
        loop.wait()
    for name in ("first.tar", "second.tar.gz"):
        elsewhere = seat_in(tmp_path, f"from {name}")
        restore(elsewhere, tmp_path / name)
        proof = verify(elsewhere)
        assert proof.wrong == ()
        assert proof.versions >= 3
        assert number_of(champion_now(elsewhere)) == proof.versions


def test_all_that_a_registry_needs_is_in_it_and_nothing_else(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    crowned(seat, bundle_of(tmp_path))
    workspace = seat.workspace
    for path in (workspace.ledgers / "cells-1.jsonl", workspace.checks / "history.jsonl", workspace.labels):
        path.parent.mkdir(exist_ok=True)
        path.write_text("kept")
    (workspace.ledgers / "cells-1.lock").write_text("")
    for path in (workspace.runs / "r1" / "report.html", workspace.registry_files / "models" / "half" / "model.keras"):
        path.parent.mkdir(parents=True)
        path.write_text("not kept")
    count = back_up(seat, tmp_path / "kept.tgz")
    with tarfile.open(tmp_path / "kept.tgz") as tar:
        names = set(tar.getnames())
        listing = json.loads((tar.extractfile(LISTING) or pytest.fail("no listing")).read())
    assert names == {*listing["files"], LISTING}
    assert count == len(names) - 1
    assert {name for name in names if not name.startswith("mlflow/")} == {
        "mlflow.db", "promotion_ledger.jsonl", "ledgers/cells-1.jsonl", "checks/history.jsonl", "labels.csv", LISTING,
    }  # fmt: skip
    assert not [name for name in names if "half" in name]
    (version,) = registered_versions(seat.uri, seat.name)
    files = len([file for file in Path(version.champion.location).rglob("*") if file.is_file()])
    assert sum(name.startswith("mlflow/") for name in names) == files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "kept.tgz", "workspace"]  # nothing aside


def test_an_empty_workspace_has_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is nothing in .* to keep"):
        back_up(seat_in(tmp_path), tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


def test_backing_up_imports_no_mlflow() -> None:
    code = "import sys, smearflow.registry.backup, smearflow.registry.restoring; print('mlflow' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_decisions_about_labels_come_back_whole_while_somebody_decides(tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    labels = ledger_of(seat.workspace.root, word(0, "Uninfected"))
    loop = run_aside("-c", DECIDING, labels, stdout=subprocess.PIPE)
    assert loop.stdout is not None
    try:
        assert loop.stdout.readline()
        back_up(seat, tmp_path / "kept.tar")
    finally:
        loop.kill()
        loop.wait()
    before = read_decisions(labels)
    elsewhere = seat_in(tmp_path, "elsewhere")
    restore(elsewhere, tmp_path / "kept.tar")
    kept = read_decisions(elsewhere.workspace.labels)
    assert len(kept) >= 2 and kept == before[: len(kept)]
    append(elsewhere.workspace.labels, [word(1, "unsure")])
    _, old = restore(elsewhere, tmp_path / "kept.tar", force=True)
    assert read_decisions(elsewhere.workspace.labels) == kept
    assert old is not None and len(read_decisions(old / "labels.csv")) == len(kept) + 1
