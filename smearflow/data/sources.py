"""Where images come from: a folder, listed without opening a file.

root/<class>/.../image.png        the class is the first folder below the root
root/image.png                    no class folder: the label is unknown
root/<only folder>/<class>/...    the only folder takes the place of the root
"""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from smearflow.errors import SourceError
from smearflow.workspace import digest_of

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"})
ARCHIVE_LEFTOVERS = "__MACOSX"  # what macOS adds to a zip: a shadow of each file, under the same name
ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True)
class Source:
    """A listed folder. ``listing`` is the parquet file of Listing.files; counts are of regular files."""

    root: Path
    listing: Path
    digest: str
    images: int
    ignored: int
    links: int


@dataclass(frozen=True)
class Listing:
    """What lies below ``root``: a row an image in ``files`` (path, label, bytes, mtime_ns), sorted by path."""

    root: Path
    files: pd.DataFrame
    ignored: int  # regular files that are no images
    links: int  # never followed

    @property
    def digest(self) -> str:
        """Changes when an image comes, goes or is written anew; over paths, sizes and times."""
        columns = ("path", "bytes", "mtime_ns")
        return digest_of(*(self.files[name].tolist() for name in columns))

    def source(self, listing: Path) -> Source:
        """The summary that stages exchange, once ``files`` are written to ``listing``."""
        return Source(self.root, listing, self.digest, len(self.files), self.ignored, self.links)


def list_folder(root: Path, classes: Collection[str] = ()) -> Listing:
    """Every image below ``root``, by its extension. Raises SourceError where there is none, or no folder.

    An only folder takes the place of the root unless it is named like one of ``classes``. Thumbs.db, dotfiles, what
    lies in dot-folders or __MACOSX, and other files are counted as ignored; links, apart.
    """
    root = root.expanduser().absolute()
    _check_folder(root)
    try:
        found = _Walk()
        found.enter(root)
        base = _class_root(root, classes)
    except OSError as error:
        raise SourceError(
            f"The images can't be listed: {error.strerror}: {error.filename}",
            "Make every folder below the source readable (chmod -R u+rX), and let nothing change it meanwhile.",
        ) from None
    if not found.images:
        raise SourceError(
            f"No image in {root}: {found.ignored} other files, {found.links} links (links are not followed).",
            f"Name a folder of class folders with images in them ({' '.join(sorted(EXTENSIONS))}).",
        )
    return Listing(base, _table(found.images, base), found.ignored, found.links)


def file_at(root: Path, path: str) -> Path:
    """The file that a manifest's ``path`` stands for: printable_path undone."""
    raw = ESCAPED.sub(lambda hit: os.fsdecode(bytes.fromhex(hit[1])), path) if "\\" in path else path
    return root / raw


def printable_path(path: str) -> str:
    r"""``path`` as valid text: each byte of a name that isn't UTF-8 becomes \xHH, and so does a backslash (\x5c).

    Parquet and HTML refuse the lone surrogates by which Python keeps such bytes. file_at turns it back.
    """
    return os.fsencode(path.replace("\\", "\\x5c")).decode("utf-8", "backslashreplace")


def _check_folder(root: Path) -> None:
    if not root.exists():
        raise SourceError(f"There is no {root}.", "Give --data (data.source) an existing folder, or `demo`.")
    if not root.is_dir():
        raise SourceError(
            f"{root} is a file, not a folder.",
            "Give --data (data.source) the folder that holds one folder a class; unpack an archive first.",
        )


@dataclass
class _Walk:
    """What was met below a folder."""

    images: list[os.DirEntry[str]] = field(default_factory=list)
    ignored: int = 0
    links: int = 0

    def enter(self, folder: Path) -> None:
        """Take in all that lies below ``folder``."""
        waiting = [(str(folder), True)]
        while waiting:
            here, wanted = waiting.pop()
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        self.links += 1
                    elif entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, wanted and not _is_hidden(entry.name)))
                    elif entry.is_file(follow_symlinks=False):
                        self.take(entry, wanted)

    def take(self, file: os.DirEntry[str], wanted: bool) -> None:
        if wanted and _is_image(file.name):
            self.images.append(file)
        else:
            self.ignored += 1


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == ARCHIVE_LEFTOVERS


def _is_image(name: str) -> bool:
    return not _is_hidden(name) and os.path.splitext(name)[1].lower() in EXTENSIONS  # noqa: PTH122


def _class_root(root: Path, classes: Collection[str]) -> Path:
    """The folder of the class folders: ``root``, or the only folder in it where that holds folders and no image."""
    while True:
        images, folders = _level(root)
        if images or len(folders) != 1 or folders[0].name in classes:
            return root
        images_below, folders_below = _level(folders[0])
        if images_below or not folders_below:
            return root
        root = folders[0]


def _level(folder: Path) -> tuple[bool, list[Path]]:
    """Whether an image lies in ``folder`` itself, and the folders in it."""
    with os.scandir(folder) as entries:
        shown = [e for e in entries if not e.is_symlink() and not _is_hidden(e.name)]
    folders = [Path(e.path) for e in shown if e.is_dir(follow_symlinks=False)]
    return any(_is_image(e.name) for e in shown if e.is_file(follow_symlinks=False)), folders


def _table(images: list[os.DirEntry[str]], root: Path) -> pd.DataFrame:
    """path, label (null in the root itself), bytes, mtime_ns of each file, sorted by path."""
    skip = len(os.path.join(root, ""))  # noqa: PTH118
    paths = [printable_path(entry.path[skip:].replace(os.sep, "/")) for entry in images]
    facts = [entry.stat(follow_symlinks=False) for entry in images]
    files = pd.DataFrame(
        {
            "path": pd.array(paths, dtype="string"),
            "label": pd.array([p.partition("/")[0] if "/" in p else None for p in paths], dtype="string"),
            "bytes": pd.array([f.st_size for f in facts], dtype="int64"),
            "mtime_ns": pd.array([f.st_mtime_ns for f in facts], dtype="int64"),
        }
    )
    return files.sort_values("path", ignore_index=True)
