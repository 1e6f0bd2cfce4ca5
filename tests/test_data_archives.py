"""Unpacking a zip: refused as a whole before anything is written, or unpacked with each damaged member named."""

import os
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from drawn_cells import cell, encoded

from smearflow.data.archives import faults_in, unpack
from smearflow.errors import SourceError
from smearflow.settings import Archive


def zipped(file: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with ZipFile(file, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return file


def special(name: str, mode: int) -> ZipInfo:
    """A member of the mode ``mode``, as Unix writes it."""
    info = ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def unpacked(archive: Path, limits: Archive = Archive()) -> Path:  # noqa: B008 (frozen)
    return unpack(archive, archive.parent / "unpacked" / "key", limits)


def refusal(archive: Path, limits: Archive = Archive()) -> str:  # noqa: B008
    """What is said when ``archive`` is refused; nothing may have been written."""
    with pytest.raises(SourceError) as caught:
        unpacked(archive, limits)
    left = archive.parent / "unpacked"
    assert not left.exists() or list(left.iterdir()) == []
    assert caught.value.fix
    return caught.value.what


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str
)
def test_every_plain_file_is_unpacked_with_its_bytes(tmp_path: Path, method: int) -> None:
    members = {"cells/sick/a.png": os.urandom(300_000), "cells/well/b.png": b"", "./cells//Thumbs.db": b"junk"}
    folder = unpacked(zipped(tmp_path / "cells.zip", members, method))
    found = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    assert found == {os.path.normpath(name): data for name, data in members.items()}
    assert faults_in(tmp_path / "unpacked" / "key") == {}


def test_times_of_change_are_the_zips_so_that_unpacking_again_gives_the_same(tmp_path: Path) -> None:
    info = ZipInfo("a.png", (2018, 3, 9, 12, 30, 0))
    with ZipFile(tmp_path / "cells.zip", "w") as made:
        made.writestr(info, b"a")
    assert (unpacked(tmp_path / "cells.zip") / "a.png").stat().st_mtime == 1520598600


@pytest.mark.parametrize(
    "name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "C:evil.png", "c:/evil.png", "a\\..\\evil.png"]
)
def test_a_member_that_would_land_outside_is_refused(tmp_path: Path, name: str) -> None:
    said = refusal(zipped(tmp_path / "cells.zip", {"good.png": b"a", name: b"b"}))
    assert repr(name) in said and "1 of 2 members" in said


@pytest.mark.parametrize(
    ("mode", "why"),
    [(stat.S_IFLNK | 0o777, "a link"), (stat.S_IFIFO | 0o600, "neither"), (stat.S_IFCHR | 0o600, "neither")],
)
def test_links_and_special_files_are_refused(tmp_path: Path, mode: int, why: str) -> None:
    with ZipFile(tmp_path / "cells.zip", "w") as made:
        made.writestr(special("odd.png", mode), b"/etc/passwd")
    assert f"'odd.png' ({why}" in refusal(tmp_path / "cells.zip")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("a.png", "a.png"), "there twice"),
        (("a.png", "./a.png"), "there twice"),
        (("sick/a.png", "sick/A.PNG"), "there twice"),
        (("caf\N{LATIN SMALL LETTER E WITH ACUTE}.png", "cafe\N{COMBINING ACUTE ACCENT}.png"), "there twice"),
        (("a", "a/b.png"), "a file and a folder"),
        (("x" * 256,), "more than 255 bytes"),
    ],
)
def test_members_that_would_take_each_others_place_are_refused(tmp_path: Path, names: list[str], why: str) -> None:
    with warnings.catch_warnings(), ZipFile(tmp_path / "cells.zip", "w") as made:
        warnings.simplefilter("ignore")  # of zipfile, about the double name
        for name in names:
            made.writestr(name, b"a")
    assert why in refusal(tmp_path / "cells.zip")


def patched(archive: Path, at: int, value: bytes, header: bytes = b"PK\x01\x02") -> Path:
    """``archive`` with ``value`` written over byte ``at`` of the last header of the central directory."""
    data = bytearray(archive.read_bytes())
    start = data.rindex(header) + at
    data[start : start + len(value)] = value
    archive.write_bytes(data)
    return archive


def test_an_encrypted_member_and_an_unknown_compression_are_refused(tmp_path: Path) -> None:
    secret = patched(zipped(tmp_path / "secret.zip", {"a.png": b"a"}), 8, b"\x01\x00")
    assert "'a.png' (encrypted)" in refusal(secret)
    odd = patched(zipped(tmp_path / "odd.zip", {"a.png": b"a"}), 10, b"\x63\x00")
    assert "compression method 99" in refusal(odd)


@pytest.mark.parametrize(
    ("limits", "name"),
    [(Archive(max_files=2), "max_files"), (Archive(max_gb=1e-4), "max_gb"), (Archive(max_ratio=10), "max_ratio")],
)
def test_an_archive_over_a_limit_is_refused_by_the_name_of_the_setting(
    tmp_path: Path, limits: Archive, name: str
) -> None:
    archive = zipped(tmp_path / "bomb.zip", {f"{number}.png": bytes(100_000) for number in range(3)})
    assert f"data.archive.{name} allows" in refusal(archive, limits)


def test_a_header_that_lies_about_the_size_makes_a_damaged_member_and_no_bigger_one(tmp_path: Path) -> None:
    archive = patched(zipped(tmp_path / "liar.zip", {"a.png": bytes(100_000)}), 24, (10).to_bytes(4, "little"))
    folder = unpacked(archive, Archive(max_gb=1e-4))
    assert (folder / "a.png").stat().st_size <= 10
    assert "CRC" in faults_in(folder.parent)["a.png"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=str)
def test_a_damaged_member_costs_itself_alone(tmp_path: Path, method: int) -> None:
    archive = zipped(tmp_path / "cells.zip", {f"sick/{n}.png": encoded(cell(n)) for n in range(3)}, method)
    data = bytearray(archive.read_bytes())
    at = data.index(b"sick/1.png") + 1000
    data[at : at + 8] = bytes(b ^ 0xFF for b in data[at : at + 8])
    archive.write_bytes(data)
    folder = unpacked(archive)
    assert (folder / "sick/0.png").read_bytes() == encoded(cell(0))
    assert (folder / "sick/2.png").read_bytes() == encoded(cell(2))
    assert list(faults_in(folder.parent)) == ["sick/1.png"]
    assert (folder / "sick/1.png").exists()


def test_what_is_no_zip_or_half_of_one_is_told(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {"a.png": os.urandom(5000)}).read_bytes()
    for name, data in [("half.zip", whole[:2500]), ("text.zip", b"hello"), ("empty.zip", b"")]:
        (tmp_path / name).write_bytes(data)
        assert f"{name} is no whole zip" in refusal(tmp_path / name)


def test_what_the_disk_refuses_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "cells.zip", {"/".join(["x" * 250] * 20) + ".png": b"a"})
    assert "File name too long" in refusal(archive)


def test_a_name_in_an_old_code_page_survives(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "cells.zip", {"sick/C1_cafX.png": b"a"})
    archive.write_bytes(archive.read_bytes().replace(b"cafX", b"caf\x82"))
    (file,) = (unpacked(archive) / "sick").iterdir()
    assert file.name == "C1_caf\N{LATIN SMALL LETTER E WITH ACUTE}.png"


def test_the_real_zip_is_unpacked_whole(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    folder = unpack(shared("data/nlm_cells_128.zip"), tmp_path / "key", Archive())
    assert sum(1 for _ in folder.rglob("*.png")) == 9356
    assert faults_in(tmp_path / "key") == {}
