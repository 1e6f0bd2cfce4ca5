"""A zip of images becomes a folder: looked through as a whole first, then unpacked, or refused with nothing written.

One damaged member costs that one image: what came of it is written, and its fault noted beside the files, so that the
scan leaves it out as corrupt.
"""

import calendar
import contextlib
import json
import lzma
import os
import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from smearflow.errors import SourceError
from smearflow.progress import Advance, progress
from smearflow.settings import Archive
from smearflow.workspace import building

FILES = "files"  # below the unpacked artifact: what was in the zip
FAULTS = "damaged.json"  # beside it: member -> what is wrong with it
BLOCK = 1 << 16
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ENCRYPTED = 0x1 | 0x40 | 0x2000  # ZIP specification, 4.4.4: encrypted, strongly so, directory masked
DRIVE = re.compile(r"^[A-Za-z]:")
LONGEST = 255  # bytes of a name that file systems take

Member = tuple[ZipInfo, str]  # what the zip says, and the path below the target


class _Damaged(Exception):
    """A member can't be read to its end."""


def unpack(archive: Path, target: Path, limits: Archive) -> Path:
    """Unpack ``archive`` into the artifact ``target``: the folder with its files.

    Raises SourceError, before anything is written, for a file that is no zip, a member that isn't a plain file below
    the target, or a limit that is passed. Times of change are the zip's, so that unpacking again gives the same
    listing.
    """
    with _opened(archive) as opened, building(target) as aside:
        members = check_members(opened, archive, limits)
        _check_space(archive, members, target)
        with progress("unpack", len(members)) as advance, _told(archive):
            faults = _extract_all(opened, members, aside / FILES, advance)
        (aside / FAULTS).write_text(json.dumps(faults, indent=1))
    return target / FILES


def faults_in(target: Path) -> dict[str, str]:
    """What was wrong with damaged members of the artifact ``target``: path below its files -> what was said."""
    faults: dict[str, str] = json.loads((target / FAULTS).read_text())
    return faults


def check_whole(archive: Path) -> None:
    """Raises SourceError where ``archive`` is no zip, or has lost its end."""
    _opened(archive).close()


def check_members(opened: ZipFile, archive: Path, limits: Archive) -> list[Member]:
    """The plain files in ``opened`` and where they go. Raises SourceError, naming the first that may not be unpacked.

    zipfile yields no more bytes of a member than its header declares, so that sizes checked here hold: a header
    that declares too little makes a damaged member.
    """
    infos = opened.infolist()
    _check_limits(archive, infos, limits)
    paths = [str(PurePosixPath(info.orig_filename)) for info in infos]
    refused = [(i.orig_filename, why) for i, path in zip(infos, paths, strict=True) if (why := _flaw(i, path))]
    members = [(i, path) for i, path in zip(infos, paths, strict=True) if not i.is_dir()]
    refused += _clashes([path for _, path in members], [p for i, p in zip(infos, paths, strict=True) if i.is_dir()])
    if refused:
        first = ", ".join(f"{name!r} ({why})" for name, why in refused[:3])
        raise SourceError(
            f"{archive} can't be unpacked: {len(refused):,} of {len(infos):,} members are refused: {first}",
            "Nothing was written. Make the zip anew, of plain files in plain folders.",
        )
    return members


def _opened(archive: Path) -> ZipFile:
    try:
        return ZipFile(archive)
    except (BadZipFile, UnicodeDecodeError, NotImplementedError, ValueError) as error:
        raise SourceError(
            f"{archive} is no whole zip: {error}", "Get it anew: it was cut short, or is something else than a zip."
        ) from None
    except OSError as error:
        raise SourceError(f"{archive} can't be read: {error.strerror}", "Make it readable (chmod u+r).") from None


def _check_limits(archive: Path, infos: list[ZipInfo], limits: Archive) -> None:
    total = sum(info.file_size for info in infos)
    ratio = total / max(1, archive.stat().st_size)
    for name, found, most, unit in (
        ("max_files", len(infos), limits.max_files, " members"),
        ("max_gb", total / 1e9, limits.max_gb, " GB"),
        ("max_ratio", ratio, limits.max_ratio, " times its size"),
    ):
        if found > most:
            raise SourceError(
                f"{archive} would unpack to {found:,.7g}{unit}; data.archive.{name} allows {most:,.7g}.",
                f"Nothing was written. If you trust it: --set data.archive.{name}=...",
            )


def _flaw(info: ZipInfo, path: str) -> str | None:
    """Why a member may not be unpacked."""
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or DRIVE.match(name) or ".." in path.split("/"):
        return "outside the target"
    if "\\" in name or "\0" in name:
        return "a backslash or zero byte in its name"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link" if kind == stat.S_IFLNK else "neither file nor folder"
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    if info.compress_type not in READABLE:
        return f"compression method {info.compress_type} is unknown here"
    if any(len(os.fsencode(part)) > LONGEST for part in path.split("/")):
        return f"a name of more than {LONGEST} bytes"
    return None


def _clashes(files: list[str], folders: list[str]) -> list[tuple[str, str]]:
    """Files that would take each other's place, also where a file system knows no case, or that of a folder."""
    folded = [unicodedata.normalize("NFC", path).casefold() for path in files]
    counts = Counter(folded)
    inner = {str(parent) for path in files for parent in PurePosixPath(path).parents} | set(folders)
    twice = [(path, "a name that is there twice") for path, key in zip(files, folded, strict=True) if counts[key] > 1]
    return twice + [(path, "a file and a folder at once") for path in files if path in inner]


def _check_space(archive: Path, members: list[Member], target: Path) -> None:
    needed, free = sum(info.file_size for info, _ in members), shutil.disk_usage(target.parent).free
    if needed > free:
        raise SourceError(
            f"{archive} unpacks to {needed / 1e9:.3g} GB, and {target.parent} has {free / 1e9:.3g} GB left.",
            "Make room, or name a --workspace on another disk.",
        )


@contextlib.contextmanager
def _told(archive: Path) -> Iterator[None]:
    """What the disk says, as an error with a way out."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{archive} can't be unpacked: {error.strerror}: {error.filename}",
            "Nothing is left of it. Make room, or name a --workspace on another disk, with a shorter path.",
        ) from None


def _extract_all(opened: ZipFile, members: list[Member], folder: Path, advance: Advance) -> dict[str, str]:
    """Write ``members`` below ``folder``; returns the faults of the damaged ones, by path."""
    faults: dict[str, str] = {}
    for parent in {PurePosixPath(path).parent for _, path in members}:
        (folder / parent).mkdir(parents=True, exist_ok=True)
    for info, path in members:
        try:
            _extract(opened, info, folder / path)
        except _Damaged as error:
            faults[path] = str(error)
        advance(1)
    return faults


def _extract(opened: ZipFile, info: ZipInfo, file: Path) -> None:
    with file.open("xb") as output:
        try:
            for block in _blocks(opened, info):
                output.write(block)
        finally:
            output.flush()
            os.utime(file, (_time_of(info),) * 2)


def _blocks(opened: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    """The bytes of a member. Raises _Damaged for what reading says, which is not what writing says."""
    try:
        with opened.open(info) as member:
            while block := member.read(BLOCK):
                yield block
    except (BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise _Damaged(f"damaged in the zip: {error}") from None


def _time_of(info: ZipInfo) -> float:
    """A zip knows no time zone: taken as UTC, so that it is the same everywhere."""
    try:
        return calendar.timegm(info.date_time)
    except ValueError:  # month 0
        return 0
