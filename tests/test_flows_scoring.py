"""Which files `predict` scores."""

import pytest

from flows.scoring import images_at
from smearflow.errors import UsageError


def test_a_folder_is_read_recursively_in_order_and_only_images_of_it(tmp_path):
    for name in ("b.png", "a.JPG", "deep/c.tif", "notes.txt", ".hidden.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [str(f.relative_to(tmp_path)) for f in images_at(tmp_path)] == ["a.JPG", "b.png", "deep/c.tif"]


def test_a_file_that_is_named_is_scored_whatever_its_name(tmp_path):
    (tmp_path / "cell.dat").write_bytes(b"")
    assert images_at(tmp_path / "cell.dat") == [tmp_path / "cell.dat"]


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        images_at(tmp_path / "nowhere")
