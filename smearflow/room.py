"""Room on the disk: a full disk, and one that can't be written to, in words: which path, and how much it needs."""

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from smearflow.errors import DiskError

FULL = (errno.ENOSPC, errno.EDQUOT)
IN_WORDS = re.compile(r"errno = (\d+)")  # how HDF5 tells it
CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # how NumPy tells it
WAY_OUT = "Nothing half-written is left: make room (`smearflow prune`), or name another folder: --workspace DIR."


@contextlib.contextmanager
def told_of(path: Path, needed: int = 0) -> Iterator[None]:
    """What the disk refuses in the body is raised as DiskError of ``path``, which is to take ``needed`` bytes.

    Where nobody knows how many (0), it says how many weren't enough: those that are free, and those in ``path``.
    """
    try:
        yield
    except Exception as error:
        refused = refusal(error, path, needed)
        if refused is None:
            raise
        raise refused from error


def refusal(error: BaseException, path: Path, needed: int = 0) -> DiskError | None:
    """``error`` as DiskError of ``path``, where it is the disk's doing; else None."""
    number = _number(error)
    if number in FULL:
        return full(path, needed)
    if number == errno.EROFS:
        return DiskError(f"{getattr(error, 'filename', None) or path} can't be written to: it is read-only", WAY_OUT)
    return None


def full(path: Path, needed: int = 0) -> DiskError:
    """The disk of ``path`` is full, which is to take ``needed`` bytes (0: nobody knows)."""
    free = free_at(path)
    least = f"{mib(needed)} are needed" if needed else f"more than {mib(free + size_of(path))} are needed"
    return DiskError(f"{path}: the disk is full: {mib(free)} are free, {least}", WAY_OUT)


def require(path: Path, needed: int) -> None:
    """Raises DiskError where fewer than ``needed`` bytes are free where ``path`` is, or will be."""
    if free_at(path) < needed:
        raise full(path, needed)


def free_at(path: Path) -> int:
    """Bytes that may still be written where ``path`` is, or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is nothing. Links count as what they are."""
    files = [path] if path.is_file() or path.is_symlink() else path.rglob("*")
    total = 0
    for file in files:
        with contextlib.suppress(OSError):  # gone meanwhile
            total += file.lstat().st_size if file.is_symlink() or file.is_file() else 0
    return total


def mib(size: float) -> str:
    """``3.2 MiB``."""
    return f"{size / 2**20:,.1f} MiB"


def _number(error: BaseException) -> int | None:
    """The system's number of what went wrong; HDF5 and NumPy hide it in a sentence."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, OSError) and CUT_SHORT.search(str(error)):
        return errno.ENOSPC
    found = IN_WORDS.search(str(error))
    return int(found[1]) if found else None
