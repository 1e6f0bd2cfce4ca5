"""Ingest: what a source names becomes one listing, whatever it was before."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
from drawn_cells import folder_of_cells
from served_files import Served, serving

from smearflow.data import places
from smearflow.data.manifest import content_digest
from smearflow.data.scanning import scan
from smearflow.data.sources import Source
from smearflow.errors import SourceError
from smearflow.settings import Data, Quality
from smearflow.workspace import Workspace, file_digest


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.at(tmp_path / "workspace")


def ingested(workspace: Workspace, *sources: object, **chosen: object) -> Source:
    """What the stage's function makes of ``sources``, without Prefect."""
    from tasks.ingest import ingest

    named = tuple(map(str, sources))
    return ingest.function(workspace.root, workspace, Data(source=named if len(named) > 1 else named[0], **chosen))


def files(source: Source) -> pd.DataFrame:
    return pd.read_parquet(source.listing)


def scanned(source: Source, **chosen: object) -> pd.DataFrame:
    """The manifest of ``source``, without memory."""
    return scan(source.root, files(source), Data(**chosen), Quality(), 1, lambda _: None)


def zip_of(folder: Path, archive: Path, inside: str = "cell_images") -> Path:
    with ZipFile(archive, "w") as made:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                made.write(file, f"{inside}/{file.relative_to(folder)}")
    return archive


def junk(folder: Path) -> Path:
    """Two files that are no images, and the whole tree a second time in itself."""
    (folder / "Uninfected" / "Thumbs.db").write_bytes(b"thumbs")
    (folder / "readme.txt").write_bytes(b"cells")
    shutil.copytree(folder, folder.parent / "second")
    shutil.move(folder.parent / "second", folder / "cell_images")
    return folder


def test_a_folder_with_its_tree_a_second_time_counts_each_cell_once(workspace: Workspace, tmp_path: Path) -> None:
    source = ingested(workspace, junk(folder_of_cells(tmp_path / "cells")))
    assert (source.images, source.nested, source.ignored, source.links) == (24, 24, 28, 0)
    regular = [f for f in (tmp_path / "cells").rglob("*") if f.is_file()]
    assert source.images + source.ignored == len(regular) == 52
    assert len(files(source)) == 24


def test_a_zip_gives_the_counts_and_the_content_of_the_folder(workspace: Workspace, tmp_path: Path) -> None:
    folder = junk(folder_of_cells(tmp_path / "cells"))
    unpacked = ingested(workspace, zip_of(folder, tmp_path / "cells.zip"))
    named = ingested(workspace, folder)
    counts = ("images", "nested", "ignored", "links")
    assert [getattr(unpacked, c) for c in counts] == [getattr(named, c) for c in counts]
    assert unpacked.root.is_relative_to(workspace.root / "artifacts" / "unpacked")
    assert content_digest(scanned(unpacked)) == content_digest(scanned(named))


def test_a_zip_is_unpacked_once_and_again_when_a_file_of_it_is_gone(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    first = ingested(workspace, archive)
    image = first.root / files(first)["path"][0]
    before = image.stat()
    assert ingested(workspace, archive) == first
    assert image.stat().st_ino == before.st_ino
    image.unlink()
    assert ingested(workspace, archive) == first
    assert image.stat().st_mtime_ns == before.st_mtime_ns


def test_a_damaged_member_is_one_corrupt_image_of_the_manifest(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    data = bytearray(archive.read_bytes())
    at = data.index(b"Uninfected/C0P0ThinF_cell_1.png") + 2000
    data[at] ^= 0xFF
    archive.write_bytes(data)
    manifest = scanned(ingested(workspace, archive)).set_index("path")
    assert manifest["reason"].dropna().to_dict() == {"Uninfected/C0P0ThinF_cell_1.png": "corrupt"}
    assert "CRC" in manifest.loc["Uninfected/C0P0ThinF_cell_1.png", "error"]


def test_an_address_is_fetched_after_a_break_and_checked(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    with serving(Served(archive.read_bytes(), breaks=[50_000])) as served:
        assert ingested(workspace, served.address, sha256=file_digest(archive).upper()).images == 24
    assert served.asked == [("GET", None), ("GET", "bytes=50000-")]


def test_another_digest_than_expected_stops_before_unpacking(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    with serving(Served(archive.read_bytes())) as served:
        for source in (archive, served.address):
            with pytest.raises(SourceError) as caught:
                ingested(workspace, source, sha256="a" * 64)
            assert file_digest(archive) in caught.value.what and "a" * 64 in caught.value.what
        assert ingested(workspace, served.address).images == 24
    assert archive.exists()
    assert served.asked == [("GET", None)] * 2  # what was refused isn't used again
    with pytest.raises(SourceError, match="that of a zip"):
        ingested(workspace, tmp_path / "cells", sha256="a" * 64)


def test_nlm_is_an_address(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.NLM == "https://data.lhncbc.nlm.nih.gov/public/Malaria/cell_images.zip"
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    with serving(Served(archive.read_bytes())) as served:
        monkeypatch.setattr(places, "NLM", served.address)
        assert ingested(workspace, "nlm").images == 24


def test_a_list_is_one_listing_and_its_content_does_not_depend_on_where_it_lies(
    workspace: Workspace, tmp_path: Path
) -> None:
    manifests = []
    for order, place in enumerate(("a", "z")):
        old, new = tmp_path / place / "old", tmp_path / ("b", "y")[order] / "new"
        folder_of_cells(old)
        folder_of_cells(new, patients=5, each=2)
        archive = zip_of(new, tmp_path / f"{place}.zip")
        source = ingested(workspace, old, archive, group="image")
        assert [place.images for place in source.places] == [24, 20]
        assert source.images == 44
        manifest = scanned(source, group="image")
        assert manifest["path"].str.split("/").str[:2].str.join("/").unique().tolist() == [
            "1/Parasitized", "1/Uninfected", "2/Parasitized", "2/Uninfected",
        ]  # fmt: skip
        assert set(manifest["label"]) == {"Parasitized", "Uninfected"}
        manifests.append(manifest)
    pd.testing.assert_frame_equal(*manifests)  # and with it whatever is drawn from it, in the order of its paths
    assert content_digest(manifests[0]) == content_digest(manifests[1])


def test_an_empty_archive_in_a_list_is_no_hindrance_and_a_folder_named_twice_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    cells = folder_of_cells(tmp_path / "cells")
    (tmp_path / "archive").mkdir()
    assert [place.images for place in ingested(workspace, cells, tmp_path / "archive").places] == [24, 0]
    with pytest.raises(SourceError, match="are the same"):
        ingested(workspace, cells, os.path.relpath(cells))


def test_a_zip_and_its_copy_are_the_same_and_are_called_by_their_names(workspace: Workspace, tmp_path: Path) -> None:
    one = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "one.zip")
    with pytest.raises(SourceError, match=r"the same: \S*one\.zip and \S*two\.zip"):
        ingested(workspace, one, shutil.copy(one, tmp_path / "two.zip"))


def test_a_page_in_place_of_the_zip_is_put_aside_and_fetched_anew(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    with serving(Served(b"<html>Please log in</html>")) as served:
        with pytest.raises(SourceError, match="no whole zip") as caught:
            ingested(workspace, served.address)
        assert served.address in caught.value.fix and ".refused" in caught.value.fix
        served.data = archive.read_bytes()
        assert ingested(workspace, served.address).images == 24


def test_two_runs_at_once_fetch_and_unpack_once(workspace: Workspace, tmp_path: Path) -> None:
    archive = zip_of(folder_of_cells(tmp_path / "cells"), tmp_path / "cells.zip")
    with serving(Served(archive.read_bytes())) as served, ThreadPoolExecutor(4) as threads:
        sources = list(threads.map(lambda _: ingested(workspace, served.address), range(4)))
    assert len(set(sources)) == 1
    assert served.asked.count(("GET", None)) == 1


def test_junk_that_comes_changes_the_counts_and_not_the_listing(workspace: Workspace, tmp_path: Path) -> None:
    cells = folder_of_cells(tmp_path / "cells")
    first = ingested(workspace, cells)
    (cells / "notes.txt").write_text("new")
    second = ingested(workspace, cells)
    assert (first.digest, first.listing) == (second.digest, second.listing)
    assert (first.ignored, second.ignored) == (0, 1)


def test_what_is_said_sums_up_and_names_each_folder(workspace: Workspace, tmp_path: Path) -> None:
    from tasks.ingest import says

    said = says(ingested(workspace, junk(folder_of_cells(tmp_path / "cells"))))
    assert "24 images found" in said and f"`{tmp_path / 'cells'}` | 24" in said
    assert "not an image by its name | 4" in said and "nested tree | 24" in said


def test_what_is_set_apart_is_named_links_first_with_where_they_point(workspace: Workspace, tmp_path: Path) -> None:
    from tasks.ingest import says

    cells = junk(folder_of_cells(tmp_path / "cells"))
    (cells / "Uninfected" / "more").symlink_to(tmp_path)
    source = ingested(workspace, cells)
    apart = pd.read_parquet(source.apart)
    assert len(apart) == source.ignored + source.links == 29
    named = [line for line in says(source).splitlines() if line.startswith("| `")]
    assert named[0] == f"| `Uninfected/more` | link | {tmp_path} (a folder above it: a loop) |"
    assert len(named) == 20 and "The first 20 of 29" in says(source)


def test_rows_and_what_is_set_apart_are_every_entry_of_every_source_once(workspace: Workspace, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    junk(
        folder_of_cells(old / "cells")
    )  # the only folder takes the place of the root; what lies beside it still counts
    (old / "readme.txt").write_text("cells")
    folder_of_cells(new, patients=2)
    (new / ".DS_Store").write_bytes(b"Bud1")
    for _ in range(2):  # the second time, what is nested is known from the artifact
        source = ingested(workspace, old, new)
        named = [*files(source)["path"], *pd.read_parquet(source.apart)["path"]]
        found = sorted(os.path.realpath(source.root / path) for path in named)
        assert found == sorted(str(file) for folder in (old, new) for file in folder.rglob("*") if file.is_file())
