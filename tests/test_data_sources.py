"""Listing a folder: what counts as an image, what its label is, what is counted apart."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from smearflow.data.apart import apart_of
from smearflow.data.sources import (
    Listing,
    _size_and_time,
    file_at,
    join,
    link_names,
    list_folder,
    list_folders,
    printable_path,
)
from smearflow.errors import SourceError


def put(root: Path, *names: str) -> Path:
    """Files with a few bytes each; a listing opens none."""
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"bytes")
    return root


def labels(root: Path, *classes: str) -> dict[str, str]:
    """Path and label of each image; an unknown label is empty."""
    files = list_folder(root, classes).files
    return dict(zip(files["path"], files["label"].fillna(""), strict=True))


def test_the_class_is_the_first_folder_below_the_root(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png", "sick/slide/day/b.JPG", "well/c.tiff")
    assert labels(tmp_path) == {"sick/a.png": "sick", "sick/slide/day/b.JPG": "sick", "well/c.tiff": "well"}


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    assert list_folder(tmp_path).files["label"].isna().all()


def test_images_beside_class_folders_have_no_label(tmp_path: Path) -> None:
    put(tmp_path, "stray.png", "sick/a.png", "well/b.png")
    assert labels(tmp_path) == {"sick/a.png": "sick", "stray.png": "", "well/b.png": "well"}


@pytest.mark.parametrize("batches", [("b1",), ("b1", "b2/site A")])
def test_folders_among_unlabelled_cells_tell_no_label(tmp_path: Path, batches: tuple[str, ...]) -> None:
    archive = put(tmp_path / "archive", *(f"unlabelled/{batch}/a.png" for batch in batches))
    for source in (archive, archive / "unlabelled", archive / "unlabelled/b1"):
        assert set(labels(source, "sick", "well").values()) == {""}, source
    put(archive, "sick/c.png", "wel/d.png", "unlabelled/sick/e.png")
    assert labels(archive, "sick", "well")["sick/c.png"] == "sick"
    assert labels(archive, "sick", "well")["wel/d.png"] == "wel", "a misspelt folder is still a class of its own"
    assert labels(archive / "unlabelled", "sick", "well")["sick/e.png"] == "sick", "sorted there by hand"


def test_every_regular_file_is_an_image_or_ignored_and_links_are_neither(tmp_path: Path) -> None:
    kept = ["sick/a.png", "sick/b.jpeg", "well/c.bmp"]
    left = ["sick/Thumbs.db", "sick/.hidden.png", "well/notes.txt", "truth.csv", "well/noextension"]
    left += [".git/a.png", "__MACOSX/sick/._a.png", "__MACOSX/sick/a.png", "sick/.cache/deep/a.png"]
    put(tmp_path, *kept, *left)
    (tmp_path / "well" / "link.png").symlink_to(tmp_path / "sick" / "a.png")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere")
    listing = list_folder(tmp_path)
    assert listing.files["path"].tolist() == kept
    assert (listing.ignored, listing.links) == (len(left), 3)


def test_an_only_folder_takes_the_place_of_the_root(tmp_path: Path) -> None:
    put(tmp_path, "README", "__MACOSX/x", "outer/cell_images/sick/a.png", "outer/cell_images/well/b.png")
    listing = list_folder(tmp_path)
    assert listing.root == tmp_path / "outer" / "cell_images"
    assert listing.files["path"].tolist() == ["sick/a.png", "well/b.png"]
    assert listing.ignored == 2  # of all that lies below the folder that was named


def test_an_only_class_folder_stays_a_class(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png")
    assert labels(tmp_path) == {"sick/a.png": "sick"}
    put(tmp_path / "nested", "sick/slide1/a.png", "sick/slide2/b.png")
    assert set(labels(tmp_path / "nested", "sick", "well").values()) == {"sick"}


def test_files_are_listed_with_size_and_time_sorted_by_path(tmp_path: Path) -> None:
    put(tmp_path, "b/2.png", "a/9.png", "a/10.png")
    os.utime(tmp_path / "b" / "2.png", ns=(7, 7))
    files = list_folder(tmp_path).files
    assert files["path"].tolist() == ["a/10.png", "a/9.png", "b/2.png"]
    assert (files["bytes"].tolist(), files["mtime_ns"].tolist()[-1]) == ([5, 5, 5], 7)


def test_the_digest_changes_with_an_image_and_with_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "a/2.png")
    first = list_folder(tmp_path).digest
    put(tmp_path, "a/Thumbs.db")
    assert list_folder(tmp_path).digest == first
    (tmp_path / "a" / "2.png").write_bytes(b"other")
    os.utime(tmp_path / "a" / "2.png", ns=(1, 1))
    changed = list_folder(tmp_path).digest
    (tmp_path / "a" / "2.png").unlink()
    assert len({first, changed, list_folder(tmp_path).digest}) == 3


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_a_name_that_is_not_utf8_is_shown_kept_and_found_again(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path / "sick") + b"/C1_caf\xe9.png"
    put(tmp_path, "sick/a.png", "sick/back\\slash.png", "sick/caf\N{LATIN SMALL LETTER E WITH ACUTE}.png")
    Path(os.fsdecode(raw)).write_bytes(b"latin")
    files = list_folder(tmp_path).files
    assert r"sick/C1_caf\xe9.png" in set(files["path"])
    files.to_parquet(tmp_path / "listing.parquet")
    assert all(file_at(tmp_path, path).is_file() for path in files["path"])
    assert file_at(tmp_path, r"sick/C1_caf\xe9.png").read_bytes() == b"latin"


def test_no_two_names_are_shown_alike() -> None:
    names = [os.fsdecode(b"\xe9"), "\\xe9", "\\x5cxe9", "\\", "é"]
    assert len({printable_path(name) for name in names}) == len(names)
    assert [str(file_at(Path(), printable_path(name))) for name in names] == names


def test_a_missing_folder_a_file_and_a_folder_without_images_name_the_way_out(tmp_path: Path) -> None:
    put(tmp_path, "cells.txt", "empty/notes.txt")
    for place, said in [("nowhere", "There is no"), ("cells.txt", "is a file"), ("empty", "No image")]:
        with pytest.raises(SourceError, match=said) as caught:
            list_folder(tmp_path / place)
        assert str(tmp_path / place) in caught.value.what
        assert caught.value.fix


def test_a_root_that_is_a_link_is_listed_and_one_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    put(tmp_path / "cells", "sick/a.png", "well/b.png")
    (tmp_path / "link").symlink_to("cells")
    listing = list_folder(tmp_path / "link")
    assert listing.files["path"].tolist() == ["sick/a.png", "well/b.png"]
    assert (listing.root, listing.links) == (tmp_path / "link", 0)
    (tmp_path / "lost").symlink_to("nowhere")
    with pytest.raises(SourceError, match="lost is a link to nowhere, where nothing is"):
        list_folder(tmp_path / "lost")


def test_a_file_that_goes_while_its_folder_is_read_stays_named(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png")
    with os.scandir(tmp_path / "sick") as entries:
        (entry,) = entries
        (tmp_path / "sick" / "a.png").unlink()
        assert _size_and_time(entry) == (0, 0)


def test_several_folders_are_listed_below_numbered_links_with_the_label_of_each(tmp_path: Path) -> None:
    put(tmp_path / "old", "cells/sick/a.png", "cells/well/b.png", "notes.txt")
    put(tmp_path / "new", "sick/a.png")
    put(tmp_path / "empty", "readme.md")
    listings = list_folders([tmp_path / name for name in ("old", "new", "empty")], ("sick", "well"))
    joined = join(listings, tmp_path / "links")
    assert dict(zip(joined.files["path"], joined.files["label"], strict=True)) == {
        "1/sick/a.png": "sick", "1/well/b.png": "well", "2/sick/a.png": "sick",
    }  # fmt: skip
    assert (joined.root, joined.ignored) == (tmp_path / "links", 2)
    assert [str(listing.root.relative_to(tmp_path)) for listing in listings] == ["old/cells", "new", "empty"]


def test_eleven_folders_keep_their_order() -> None:
    empty = Listing(Path(), pd.DataFrame(), apart_of([]))
    assert link_names([empty] * 11)[::5] == ["01", "06", "11"]


@pytest.mark.parametrize(("other", "said"), [("cells", "the same"), ("cells/sick", "one in the other")])
def test_a_folder_that_is_named_twice_or_lies_in_another_is_refused(tmp_path: Path, other: str, said: str) -> None:
    put(tmp_path / "cells", "sick/a.png")
    (tmp_path / "link").symlink_to(tmp_path / other)
    with pytest.raises(SourceError, match=said) as caught:
        list_folders([tmp_path / "cells", tmp_path / "link"])
    assert str(tmp_path / "cells") in caught.value.what and str(tmp_path / "link") in caught.value.what


def test_a_folder_elsewhere_is_another_listing(tmp_path: Path) -> None:
    """Though a copy has the same names, sizes and times: a cached result points into the folder it was made of."""
    put(tmp_path / "one", "sick/a.png")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert list_folder(tmp_path / "one").digest != list_folder(tmp_path / "two").digest


def test_known_faults_are_told_of_their_files(tmp_path: Path) -> None:
    put(tmp_path / "files", "cells/sick/a.png", "cells/sick/b.png")
    listing = list_folder(tmp_path / "files", ("sick",))
    marked = listing.with_faults(tmp_path / "files", {"cells/sick/b.png": "Bad CRC-32", "cells/gone.png": "?"})
    assert marked.files["fault"].fillna("").tolist() == ["", "Bad CRC-32"]
    assert marked.digest != listing.digest


def test_a_folder_of_links_says_that_they_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "real", "a.png")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "sick").symlink_to(tmp_path / "real")
    with pytest.raises(SourceError, match=r"1 links .links are not followed"):
        list_folder(tmp_path / "linked")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path, "sick/a.png")
    (tmp_path / "sick").chmod(0)
    try:
        with pytest.raises(SourceError, match="sick"):
            list_folder(tmp_path)
    finally:
        (tmp_path / "sick").chmod(0o755)
