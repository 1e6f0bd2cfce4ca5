"""Where images come from: folders, listed without opening a file.

root/<class>/.../image.png        the class is the first folder below the root
root/image.png                    no class folder: the label is unknown
root/<only folder>/<class>/...    the only folder takes the place of the root
.../unlabelled/<any>/image.png    a folder of this name: its folders tell no label, unless they are named like a class

Several folders become one listing below a root that holds a link to each, named by its place in the list:

root/1/<class>/.../image.png      the class is that of the first folder

so that no path, and nothing that is drawn in the order of paths, depends on where the folders lie.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import pandas as pd

from smearflow.data.apart import REGULAR, Kind, apart_of, how_many, sorted_apart, where_to
from smearflow.errors import SourceError
from smearflow.workspace import digest_of

EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"})
UNLABELLED = "unlabelled"  # the folder of cells that nobody has labelled: the archive's are in one a batch
ARCHIVE_LEFTOVERS = "__MACOSX"  # what macOS adds to a zip: a shadow of each file, under the same name
ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True)
class Place:
    """One folder of a source: its class root, and how many images were found below it."""

    root: Path
    images: int


@dataclass(frozen=True)
class Source:
    """Listed folders. ``listing`` and ``apart`` are the parquet files of Listing's, with paths below ``root``.

    Counts are of regular files: ``ignored`` those that are no images or are nested copies, which ``nested`` counts.
    """

    root: Path
    places: tuple[Place, ...]
    listing: Path
    apart: Path
    digest: str
    images: int
    ignored: int
    nested: int
    links: int


@dataclass(frozen=True)
class Listing:
    """What lies below ``root``: a row an image in ``files``, sorted by path; all else in ``apart`` (data/apart.py).

    ``files``: path, label (null in the root itself, and in a folder `unlabelled`), bytes, mtime_ns, and fault: what is
    known to be wrong with the file (null where nothing is).
    """

    root: Path
    files: pd.DataFrame
    apart: pd.DataFrame

    @property
    def ignored(self) -> int:
        """Regular files that aren't in ``files``, copies in a nested tree among them."""
        return how_many(self.apart, *REGULAR)

    @property
    def nested(self) -> int:
        return how_many(self.apart, "nested_copy")

    @property
    def links(self) -> int:
        """Never followed."""
        return how_many(self.apart, "link")

    @property
    def digest(self) -> str:
        """Changes when an image comes, goes or is written anew; over root, paths, sizes, times and faults."""
        columns = ("path", "bytes", "mtime_ns")
        return digest_of(
            str(self.root), self.files["fault"].dropna().tolist(), *(self.files[n].tolist() for n in columns)
        )

    def with_faults(self, folder: Path, faults: Mapping[str, str]) -> "Listing":
        """The listing with what is known to be wrong with files: path below ``folder`` -> what was said."""
        if not faults:
            return self
        known = {str(folder / path): said for path, said in faults.items()}
        found = [known.get(str(file_at(self.root, path))) for path in self.files["path"]]
        return replace(self, files=self.files.assign(fault=pd.array(found, dtype="string")))


def list_folder(root: Path, classes: Collection[str] = ()) -> Listing:
    """Every image below ``root``, by its extension. Raises SourceError where there is none, or no folder.

    An only folder takes the place of the root unless it is named like one of ``classes``. Thumbs.db, dotfiles, what
    lies in dot-folders or __MACOSX, other files and links are set apart.
    """
    return list_folders([root], classes)[0]


def list_folders(
    roots: Sequence[Path], classes: Collection[str] = (), names: Sequence[str] = ()
) -> tuple[Listing, ...]:
    """Each of ``roots`` listed. One of several may be empty: an archive that nothing has been put into yet.

    ``names`` is what a person calls them, where that isn't their paths. Raises SourceError where none holds an image,
    one is no folder, or one lies in another.
    """
    roots = [root.expanduser().absolute() for root in roots]
    for root in roots:
        _check_folder(root)
    names = names or [str(root) for root in roots]
    _check_apart(roots, names)
    listings = tuple(_list(root, classes) for root in roots)
    if not any(len(listing.files) for listing in listings):
        ignored, links = sum(x.ignored for x in listings), sum(x.links for x in listings)
        raise SourceError(
            f"No image in {', '.join(names)}: {ignored} other files, {links} links (links are not followed).",
            f"Name a folder of class folders with images in them ({' '.join(sorted(EXTENSIONS))}).",
        )
    return listings


def join(listings: Sequence[Listing], links: Path) -> Listing:
    """One listing of all; of several, below the folder ``links``, which holds a link to each root (``link_names``)."""
    if len(listings) == 1:
        return listings[0]
    named = list(zip(link_names(listings), listings, strict=True))
    files = pd.concat([x.files.assign(path=f"{name}/" + x.files["path"]) for name, x in named])
    apart = pd.concat([x.apart.assign(path=f"{name}/" + x.apart["path"]) for name, x in named])
    return Listing(links, files.sort_values("path", ignore_index=True), sorted_apart(apart))


def link_names(listings: Sequence[Listing]) -> list[str]:
    """What the folders of a list are called: 1, 2, ..., of equal width, so that paths sort in the list's order."""
    width = len(str(len(listings)))
    return [f"{number:0{width}}" for number in range(1, len(listings) + 1)]


def file_at(root: Path, path: str) -> Path:
    """The file that a manifest's ``path`` stands for: printable_path undone."""
    raw = ESCAPED.sub(lambda hit: os.fsdecode(bytes.fromhex(hit[1])), path) if "\\" in path else path
    return root / raw


def printable_path(path: str) -> str:
    r"""``path`` as valid text: each byte of a name that isn't UTF-8 becomes \xHH, and so does a backslash (\x5c).

    Parquet and HTML refuse the lone surrogates by which Python keeps such bytes. file_at turns it back.
    """
    if path.isascii() and "\\" not in path:
        return path
    return os.fsencode(path.replace("\\", "\\x5c")).decode("utf-8", "backslashreplace")


def _check_folder(root: Path) -> None:
    if not root.exists():
        raise SourceError(
            f"{root} is a link to {root.readlink()}, where nothing is."
            if root.is_symlink()
            else f"There is no {root}.",
            "Give --data (data.source) an existing folder, a zip, an https address of a zip, `nlm` or `demo`.",
        )
    if not root.is_dir():
        raise SourceError(
            f"{root} is a file, not a folder.",
            "Give --data (data.source) the folder that holds one folder a class, or a zip of it.",
        )


def _check_apart(roots: Sequence[Path], names: Sequence[str]) -> None:
    """No image twice: no folder is another, or lies in it, links followed."""
    named = zip(names, (root.resolve() for root in roots), strict=True)
    for (one, here), (other, there) in combinations(named, 2):
        if here.is_relative_to(there) or there.is_relative_to(here):
            how = "are the same" if here == there else "lie one in the other"
            raise SourceError(
                f"Two sources {how}: {one} and {other}. Their images would count twice.",
                "Name each source in data.source once, and none that lies in another.",
            )


def _list(root: Path, classes: Collection[str]) -> Listing:
    """Every image below ``root``, if any."""
    try:
        found = _Walk(os.path.realpath(root))
        found.enter(root)
        base = _class_root(root, classes)
    except OSError as error:
        raise SourceError(
            f"The images can't be listed: {error.strerror}: {error.filename}",
            "Make every folder below the source readable (chmod -R u+rX), and let nothing change it meanwhile.",
        ) from None
    start = os.path.join(base, "")  # noqa: PTH118
    rows = [(_path_below(start, path), kind, told) for path, kind, told in found.apart]
    tells_none = UNLABELLED in (root.parent.name, root.name, *base.relative_to(root).parts)
    return Listing(base, _table(found.images, start, classes, tells_none), apart_of(rows))


@dataclass
class _Walk:
    """What was met below a folder."""

    root: str  # without links in it
    images: list[os.DirEntry[str]] = field(default_factory=list)
    apart: list[tuple[str, Kind, str | None]] = field(default_factory=list)

    def enter(self, folder: Path) -> None:
        """Take in all that lies below ``folder``."""
        waiting = [(str(folder), True)]
        while waiting:
            here, wanted = waiting.pop()
            with os.scandir(here) as entries:
                for entry in entries:
                    shown = wanted and not _is_hidden(entry.name)
                    if not entry.is_symlink() and entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, shown))
                    elif shown and _is_called_image(entry.name) and entry.is_file(follow_symlinks=False):
                        self.images.append(entry)
                    else:
                        self.apart.append((entry.path, *self.kind_of(entry, shown)))

    def kind_of(self, entry: os.DirEntry[str], shown: bool) -> tuple[Kind, str | None]:
        """What an entry is that is neither folder nor image, and of a link where it points to."""
        if entry.is_symlink():
            return "link", printable_path(where_to(entry.path, self.root))
        if not entry.is_file(follow_symlinks=False):
            return "special", None
        return ("other_file" if shown else "hidden"), None


def _is_hidden(name: str) -> bool:
    return name[0] == "." or name == ARCHIVE_LEFTOVERS


def _is_called_image(name: str) -> bool:
    return name[name.rfind(".") :].lower() in EXTENSIONS


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
    return any(_is_called_image(e.name) for e in shown if e.is_file(follow_symlinks=False)), folders


def _table(images: list[os.DirEntry[str]], start: str, classes: Collection[str], tells_none: bool) -> pd.DataFrame:
    """Listing.files of ``images``, with no fault known. ``tells_none``: a folder that is no class tells no label."""
    paths = [_path_below(start, entry.path) for entry in images]
    facts = [_size_and_time(entry) for entry in images]
    files = pd.DataFrame(
        {
            "path": pd.array(paths, dtype="string"),
            "label": pd.array([_label_of(path, classes, tells_none) for path in paths], dtype="string"),
            "bytes": pd.array([size for size, _ in facts], dtype="int64"),
            "mtime_ns": pd.array([time for _, time in facts], dtype="int64"),
            "fault": pd.array([None] * len(facts), dtype="string"),
        }
    )
    return files.sort_values("path", ignore_index=True)


def _label_of(path: str, classes: Collection[str], tells_none: bool) -> str | None:
    """The first folder of ``path``, where it stands for a label."""
    first, folder, _ = path.partition("/")
    told = folder and (first in classes or not (tells_none or first == UNLABELLED))
    return first if told else None


def _path_below(start: str, path: str) -> str:
    """The manifest's name of ``path``, which begins with ``start``; with ``..`` where it lies beside an only folder."""
    below = path[len(start) :] if path.startswith(start) else os.path.relpath(path, start)
    return printable_path(below.replace(os.sep, "/"))


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int, int]:
    """Bytes and mtime_ns. Zeroes of a file that has gone since its folder was read: the scan calls it unreadable."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0, 0
    return facts.st_size, facts.st_mtime_ns
