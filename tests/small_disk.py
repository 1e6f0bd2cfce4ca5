"""A disk of a few MiB, for the tests of what happens when it is full."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A tmpfs of ``mib`` MiB at ``folder``. Skips the test where mounting isn't permitted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk isn't permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def fill(folder: Path, leaving: int = 0) -> Path:
    """Leave ``leaving`` bytes free in ``folder``; the file that takes the rest."""
    filler = folder / "filler"
    block = b"\0" * 65536
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(block)
    with filler.open("rb+") as file:
        file.truncate(max(0, filler.stat().st_size - leaving))
    return filler
