"""A full disk and a read-only one end in words, and leave nothing that the next run would trust (4 s)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from smearflow.errors import DiskError
from smearflow.models.bundles import write_bundle
from smearflow.models.checkpoints import Checkpoint
from smearflow.room import free_at, mib, refusal, require, size_of
from smearflow.workspace import building, is_whole, write_text
from tests.small_disk import fill, make_read_only, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    with small_disk(tmp_path / "disk", 4) as folder:
        yield folder


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A compiled network of 3 MiB, 9 with its optimiser."""
    made = keras.Sequential([keras.Input((800,)), keras.layers.Dense(1000), keras.layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def a_table(folder: Path, network: keras.Model) -> None:
    pd.DataFrame({"x": np.random.default_rng(0).random(700_000)}).to_parquet(folder / "table.parquet")


def an_array(folder: Path, network: keras.Model) -> None:
    np.save(folder / "shard.npy", np.zeros(6 * 2**20, np.uint8))


def a_bundle(folder: Path, network: keras.Model) -> None:
    (folder / "before").write_bytes(b"\0" * 3 * 2**20)
    write_bundle(folder / "bundle", network, "compact", input_size=32, classes=("a", "b"), positive="a")


def a_page(folder: Path, network: keras.Model) -> None:
    write_text(folder / "report.html", "page" * 2**21)


@pytest.mark.parametrize("write", [a_table, an_array, a_bundle, a_page])
def test_an_artifact_that_finds_no_room_is_named_with_what_it_needs_and_nothing_is_left(
    write: Callable[[Path, keras.Model], None], disk: Path, network: keras.Model
) -> None:
    target = disk / "artifacts" / "key"
    told = r"disk/artifacts/.*: the disk is full: .* MiB are free, .*[3-8]\.\d MiB are"
    with pytest.raises(DiskError, match=told), building(target) as aside:
        write(aside, network)
    assert not is_whole(target)
    assert [file for file in disk.rglob("*") if file.is_file()] == []


def test_a_checkpoint_says_exactly_how_much_it_needs_and_the_last_one_stays(disk: Path, network: keras.Model) -> None:
    checkpoint, few = Checkpoint.of(disk / "kept", 32), keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    few.compile("adam", "mse")
    checkpoint.write(few, [{"epoch": 1}])
    with pytest.raises(DiskError, match=r"kept/batch-32.npz: the disk is full: .* free, 9.2 MiB are needed") as caught:
        checkpoint.write(network, [{"epoch": 1}, {"epoch": 2}])
    assert "smearflow prune" in caught.value.fix and caught.value.exit_status == 2
    assert checkpoint.resume(few) == [{"epoch": 1}]
    assert [file.name for file in (disk / "kept").iterdir()] == ["batch-32.npz"]


def test_the_old_file_stays_where_the_new_one_finds_no_room(disk: Path) -> None:
    write_text(disk / "summary.json", "old")
    fill(disk, leaving=8192)
    with pytest.raises(DiskError, match=r"summary.json: the disk is full"):
        write_text(disk / "summary.json", "new " * 100_000)
    assert (disk / "summary.json").read_text() == "old"


def test_a_disk_that_became_read_only_is_told_apart(disk: Path) -> None:
    make_read_only(disk)
    with pytest.raises(DiskError, match=r"can't be written to: it is read-only"):
        write_text(disk / "summary.json", "new")


def test_room_can_be_asked_for_before_any_work(disk: Path) -> None:
    require(disk / "not" / "yet" / "there", 2**20)
    with pytest.raises(DiskError, match=r"4.0 MiB are free, 1,024.0 MiB are needed"):
        require(disk / "not" / "yet" / "there", 2**30)
    assert free_at(disk) == 4 * 2**20


def test_other_errors_keep_their_words() -> None:
    assert refusal(FileNotFoundError(2, "No such file", "a.png"), Path()) is None
    assert refusal(ValueError("no disk"), Path()) is None


def test_size_is_that_of_all_files_below(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").symlink_to(tmp_path / "a" / "b")
    assert size_of(tmp_path / "a") == 5
    assert size_of(tmp_path / "nothing") == 0
    assert mib(3 * 2**20) == "3.0 MiB"
