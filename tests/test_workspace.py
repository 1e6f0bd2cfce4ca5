"""Writing aside and renaming: a reader sees what was there, or what is finished."""

import json
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from smearflow.workspace import LISTING, Workspace, alone, building, digest_of, file_digest, is_whole, point, write_text


def test_an_artifact_appears_when_it_is_finished(tmp_path):
    target = tmp_path / "scan" / "key"
    with building(target) as aside:
        (aside / "manifest.parquet").write_bytes(b"rows")
        assert not target.exists()
    assert (target / "manifest.parquet").read_bytes() == b"rows"
    assert json.loads((target / LISTING).read_text()) == {"files": {"manifest.parquet": 4}}
    assert is_whole(target)


def test_nothing_is_left_of_an_artifact_that_failed(tmp_path):
    target = tmp_path / "key"
    with pytest.raises(RuntimeError), building(target) as aside:
        (aside / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_builder_left_aside_is_swept_and_a_living_ones_is_not(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        (tmp_path / f".key.{pid}.abc").mkdir()
    with building(tmp_path / "key"):
        pass
    assert {f.name for f in tmp_path.iterdir()} == {"key", f".key.{os.getpid()}.abc"}


def test_a_finished_artifact_takes_the_place_of_the_one_before(tmp_path):
    for text in ("first", "second"):
        with building(tmp_path / "key") as aside:
            (aside / text).write_text(text)
    assert {f.name for f in (tmp_path / "key").iterdir()} == {"second", LISTING}


@pytest.mark.parametrize("harm", ["deleted", "truncated", "unfinished"])
def test_a_harmed_artifact_is_not_whole(tmp_path, harm):
    with building(tmp_path / "key") as aside:
        (aside / "weights").write_bytes(b"12345678")
    harmed = tmp_path / "key" / ("weights" if harm != "unfinished" else LISTING)
    if harm == "truncated":
        harmed.write_bytes(b"1234")
    else:
        harmed.unlink()
    assert not is_whole(tmp_path / "key")


def test_text_is_replaced_in_one_step_and_leaves_nothing_beside_it(tmp_path):
    write_text(tmp_path / "runs" / "summary.json", "one")
    write_text(tmp_path / "runs" / "summary.json", "two")
    assert [f.read_text() for f in (tmp_path / "runs").iterdir()] == ["two"]


def test_latest_points_to_the_last_run_and_moves_with_the_workspace(tmp_path):
    workspace = Workspace.at(tmp_path / "workspace")
    for run in ("a", "b"):
        workspace.run(run).mkdir(parents=True)
        point(workspace.latest, workspace.run(run))
    assert workspace.latest.resolve() == workspace.run("b")
    moved = workspace.root.rename(tmp_path / "moved")
    assert (moved / "latest").resolve() == moved / "runs" / "b"


def test_digests_tell_values_apart_and_agree_on_equal_ones(tmp_path):
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of(1, 2) != digest_of(2, 1)
    (tmp_path / "file").write_bytes(b"abc")
    assert file_digest(tmp_path / "file").startswith("ba7816bf")


def test_builders_of_one_artifact_do_not_trip_over_each_other(tmp_path):
    def build(number):
        for _ in range(30):
            with building(tmp_path / "scan" / "key") as aside:
                (aside / "folder").mkdir()
                (aside / "folder" / "rows").write_text(str(number))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(build, range(4)))
    assert is_whole(tmp_path / "scan" / "key")
    assert [left.name for left in (tmp_path / "scan").iterdir()] == ["key"]


def test_one_at_a_time_is_let_into_what_a_lock_guards(tmp_path):
    inside = []

    def enter(_):
        with alone(tmp_path / "locks" / "one"):
            inside.append(threading.get_ident())
            assert len(inside) == 1
            inside.pop()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(enter, range(40)))


def test_of_two_builders_the_first_that_ends_stays_as_somebody_may_be_reading_it(tmp_path):
    target = tmp_path / "key"
    with building(target) as slow:
        (slow / "rows").write_text("slow")
        with building(target) as quick:
            (quick / "rows").write_text("quick")
    assert (target / "rows").read_text() == "quick"
    with building(target) as anew:  # begun afterwards, as --fresh does
        (anew / "rows").write_text("anew")
    assert (target / "rows").read_text() == "anew"
