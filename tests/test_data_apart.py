"""What is no row of the manifest is named, with its kind, and links with where they point to."""

import os
from pathlib import Path

import pytest

from smearflow.data.apart import KINDS, apart_of, how_many, write_apart
from smearflow.data.nested import without_copies
from smearflow.data.sources import list_folder


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.rpartition("/")[2].encode())
    return root


def kinds(root: Path) -> dict[str, str]:
    """Path and kind of all that is set apart below ``root``."""
    apart = without_copies(list_folder(root, ("sick", "well")), ("sick", "well")).apart
    return dict(zip(apart["path"], apart["kind"], strict=True))


def test_every_kind_is_told_apart(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png", "well/b.png", "well/Thumbs.db", "well/.c.png", ".git/d.png", "__MACOSX/sick/e.png")
    put(tmp_path, "again/sick/a.png")
    (tmp_path / "sick" / "link.png").symlink_to("a.png")
    os.mkfifo(tmp_path / "well" / "pipe.png")
    assert kinds(tmp_path) == {
        "well/Thumbs.db": "other_file",
        "well/.c.png": "hidden",
        ".git/d.png": "hidden",
        "__MACOSX/sick/e.png": "hidden",
        "again/sick/a.png": "nested_copy",
        "sick/link.png": "link",
        "well/pipe.png": "special",
    }
    assert set(kinds(tmp_path).values()) == set(KINDS)


def test_a_copy_names_its_original(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png", "well/b.png", "again/sick/a.png")
    apart = without_copies(list_folder(tmp_path, ("sick", "well")), ("sick", "well")).apart
    assert apart[["path", "told"]].to_numpy().tolist() == [["again/sick/a.png", "sick/a.png"]]


LINKS = {
    "a.png": "within the source",
    "/etc": "out of the source",
    "../..": "a folder above it: a loop",
    ".": "a folder above it: a loop",
    "nowhere": "nothing is there",
    "self": "round in a ring",
}


@pytest.mark.parametrize("target", LINKS)
def test_a_link_says_where_it_points_to_and_is_not_followed(tmp_path: Path, target: str) -> None:
    put(tmp_path / "cells", "sick/a.png", "well/b.png")
    (tmp_path / "cells" / "sick" / "self").symlink_to(target)
    apart = list_folder(tmp_path / "cells").apart
    assert apart["told"].tolist() == [f"{target} ({LINKS[target]})"]


def test_what_lies_beside_an_only_folder_is_named_above_it(tmp_path: Path) -> None:
    put(tmp_path, "readme.txt", "cells/sick/a.png", "cells/well/b.png")
    listing = list_folder(tmp_path)
    assert listing.apart["path"].tolist() == ["../readme.txt"]
    assert (listing.root / listing.apart["path"].iloc[0]).is_file()


def test_the_table_is_written_once_under_its_digest(tmp_path: Path) -> None:
    one = apart_of([("b", "link", "x (nothing is there)"), ("a", "hidden", None)])
    path = write_apart(one, tmp_path)
    before = path.stat().st_ino
    assert write_apart(one, tmp_path) == path and path.stat().st_ino == before
    assert write_apart(apart_of([("a", "hidden", None)]), tmp_path) != path
    assert (one["path"].tolist(), how_many(one, "link", "special")) == (["a", "b"], 1)
