"""A backup comes back whole or not at all, and never over a history that is there (5 s: MLflow)."""

import io
import json
import os
import tarfile
from dataclasses import asdict
from pathlib import Path

import pytest
from drawn_registry import bundle_of, crowned, seat_in

from smearflow.errors import DataError, UsageError
from smearflow.registry.backup import LISTING, back_up
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.restoring import restore
from smearflow.registry.succession import champion_now, number_of
from smearflow.registry.verifying import verify
from smearflow.service.daemon import start_of
from smearflow.service.running import Running
from smearflow.workspace import write_text


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a workspace that is gone since."""
    folder = tmp_path_factory.mktemp("backup")
    seat = seat_in(folder)
    for run in ("r1", "r2"):
        crowned(seat, bundle_of(folder), run)
    back_up(seat, folder / "kept.tar")
    seat.workspace.root.rename(folder / "elsewhere")
    return folder / "kept.tar"


def test_it_serves_and_is_proved_in_another_place_and_the_ledger_says_that_it_was_restored(
    backup: Path, tmp_path: Path
) -> None:
    seat = seat_in(tmp_path)
    files, old = restore(seat, backup)
    champion = champion_now(seat)
    assert old is None and files > 10
    assert champion is not None and champion.version == 2
    assert fetch_bundle(seat.uri, champion, tmp_path).is_relative_to(seat.workspace.root)
    assert verify(seat).wrong == ()
    last = seat.decisions()[-1].decision
    assert (last.decision, last.version, last.previous) == ("restored", 2, 2)
    assert last.why.startswith("Restored from kept.tar, SHA-256 ")
    assert sorted(path.name for path in seat.workspace.root.iterdir()) == [
        "labels.lock", "mlflow", "mlflow.db", "promotion_ledger.jsonl", "promotion_ledger.lock",
    ]  # fmt: skip


def test_a_history_that_is_there_is_left_alone_unless_forced_and_then_moved_aside(backup: Path, tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    crowned(seat, bundle_of(tmp_path, model="mine"), "mine")
    with pytest.raises(
        UsageError, match=r"has a history of its own: promotion_ledger\.jsonl, mlflow, mlflow\.db"
    ) as no:
        restore(seat, backup)
    assert "--force" in no.value.fix
    assert number_of(champion_now(seat)) == 1
    _, old = restore(seat, backup, force=True)
    assert number_of(champion_now(seat)) == 2
    assert old is not None
    assert {path.name for path in old.iterdir()} == {"mlflow", "mlflow.db", "promotion_ledger.jsonl"}


def test_a_file_that_was_changed_or_is_missing_stops_it_before_anything_is_written(
    backup: Path, tmp_path: Path
) -> None:
    with tarfile.open(backup) as whole:
        members = [(m.name, (whole.extractfile(m) or pytest.fail(m.name)).read()) for m in whole.getmembers()]
    spoilt = [(name, data + b" " if name.endswith("model.keras") else data) for name, data in members]
    lacking = [(name, data) for name, data in members if not name.endswith("serving.py")]
    for told, kept in (("isn't the file that was backed up", spoilt), ("is missing", lacking)):
        with tarfile.open(tmp_path / "spoilt.tar", "w") as tar:
            for name, data in kept:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        seat = seat_in(tmp_path)
        with pytest.raises(DataError, match=told):
            restore(seat, tmp_path / "spoilt.tar")
        assert list(seat.workspace.root.iterdir()) == []


def test_what_is_no_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    cut, empty, other = tmp_path / "cut.tar", tmp_path / "empty.tar", tmp_path / "other.tar"
    cut.write_bytes(backup.read_bytes()[:5000])
    empty.write_bytes(b"")
    with tarfile.open(other, "w") as tar:
        data = json.dumps({"backup": 99, "files": {}}).encode()
        entry = tarfile.TarInfo(LISTING)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    for path in (cut, empty, other):
        with pytest.raises(UsageError, match=r"\.tar is no backup of smearflow"):
            restore(seat, path)
    with pytest.raises(UsageError, match=r"There is no .*none\.tar"):
        restore(seat, tmp_path / "none.tar")
    assert list(seat.workspace.root.iterdir()) == []


def test_a_member_that_would_lie_outside_is_not_written(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with pytest.raises(UsageError, match="is no backup"):
        restore(seat_in(tmp_path), tmp_path / "evil.tar")
    assert not (tmp_path / "workspace" / "outside").exists() and not (tmp_path / "outside").exists()


def test_not_while_a_run_is_under_way(backup: Path, tmp_path: Path) -> None:
    seat = seat_in(tmp_path)
    mine = Running("f1", "http://127.0.0.1:1/api", os.getpid(), start_of(os.getpid()) or "", False)
    write_text(seat.workspace.running / "f1.json", json.dumps(asdict(mine)))
    with pytest.raises(UsageError, match="A run is under way"):
        restore(seat, backup)
