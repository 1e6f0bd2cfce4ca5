"""Random folders of sound cells and of everything that goes wrong, by a builder that knows what each entry is."""

import contextlib
import io
import os
import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from drawn_cells import cell, encoded
from PIL import Image

from smearflow.data.apart import Kind
from smearflow.data.fault_files import OF_ONE_FILE
from smearflow.data.sources import printable_path

CLASSES = ("Parasitized", "Uninfected")
STRANGE = "Leukocyte"
PATTERN = r"(C\d+)P"  # a patient stands anywhere in a name
SIDE = 48
NAMES = (
    "",
    "-",
    " ",
    "<b>",
    '"',
    "a,b ",
    "two\nlines ",
    "caf\udce9 ",
    "back\\slash ",
    "\\xe9 ",
    "\u00fc",
    "'|'",
    "$(x)%20",
)
SUFFIXES = (".png", ".PNG", ".jpeg", ".tif", ".bmp")  # what a name says is nothing to go by
UNKNOWN_FILES = ("Thumbs.db", "notes.txt", "truth.csv", "noextension", "cells.zip")
HIDDEN = (".DS_Store", "._cell.png", ".cell.png", ".cache/cell.png", "__MACOSX/._cell.png", ".git/objects/cell.png")
WAYS = ("PNG", "BMP", "TIFF")  # to encode pixels without loss


@dataclass(frozen=True)
class Placed:
    """One image: which picture it shows, and what is wrong with the file or done to its pixels."""

    picture: int
    label: str
    reason: str | None = None
    converted: str | None = None


@dataclass
class Folder:
    """A folder under construction. ``images`` and ``apart`` by absolute path: what has to be said of each entry."""

    root: Path
    draw: random.Random
    sound: list[bytes]  # cells that aren't used yet
    filled: tuple[str, ...] = CLASSES  # classes that get sound cells; of the others, only broken ones or none
    images: dict[str, Placed] = field(default_factory=dict)
    apart: dict[str, Kind] = field(default_factory=dict)

    def expected(self) -> dict[str, str | None]:
        """The reason of each image: its own, or what the others make of it."""
        found = {path: placed.reason or _misplaced(placed) for path, placed in self.images.items()}
        for path, placed in self.images.items():
            copies = [p for p in self.images if self.images[p].picture == placed.picture and self._is_fit(p)]
            if not self._is_fit(path) or len(copies) < 2:
                continue
            if len({self.images[p].label for p in copies}) > 1:
                found[path] = "label_conflict"
            elif path != min(copies, key=self._name):
                found[path] = "duplicate"
        return found

    def grow(self) -> None:
        """Add cells of known and new patients, and a handful of what goes wrong."""
        known = len(self.images)
        for _ in range(self.draw.randrange(8, 20)):
            self._cell(self.draw.choice(self.filled))
        wrongs = (
            self._fault,
            self._converted,
            self._copy,
            self._copy,
            self._stranger,
            self._junk,
            self._hidden,
            self._link,
        )
        for _ in range(self.draw.randrange(3, 12) if known else self.draw.randrange(8, 25)):
            self.draw.choice(wrongs)()

    def nest(self) -> None:
        """Copy some images a second time into a tree of their own, one of them changed since."""
        inner = self.root / self.draw.choice(("cell_images", "again", "cells (1)"))
        known = [(p, x) for p, x in self.images.items() if x.label in CLASSES and not self._below(p).startswith("..")]
        for path, placed in self.draw.sample(known, min(4, len(known))):
            copy = inner / self._below(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
            if self.draw.random() < 0.3 and placed.reason is None:
                copy.write_bytes(self.sound.pop())
                self.images[str(copy)] = Placed(self._new(), inner.name)
            else:
                self.apart[str(copy)] = "nested_copy"

    def vanish(self) -> None:
        """Remove an image, as somebody does between listing and scan."""
        path = self.draw.choice(sorted(self.images))
        Path(path).unlink()
        self.images[path] = Placed(self._new(), self.images[path].label, "unreadable")

    def _cell(self, label: str) -> None:
        if self.sound:
            self._image(label, self.sound.pop(), Placed(self._new(), label))

    def _fault(self) -> None:
        reason, content = self.draw.choice(broken())
        label = self.draw.choice(CLASSES)
        self._image(label, content, Placed(self._new(), label, reason))

    def _converted(self) -> None:
        if not self.sound:
            return
        how, label = self.draw.choice(("grey", "palette", "alpha", "rotated")), self.draw.choice(self.filled)
        self._image(label, converted(self.sound.pop(), how), Placed(self._new(), label, converted=how))

    def _stranger(self) -> None:
        self._cell(STRANGE)

    def _copy(self) -> None:
        """The pixels of another image, as other bytes or the same, in its class or in another."""
        fit = [p for p, placed in self.images.items() if placed.reason is None and placed.converted is None]
        if not fit:
            return
        original = self.draw.choice(sorted(fit))
        content, label = Path(original).read_bytes(), self.draw.choice((*self.filled, STRANGE))
        how = self.draw.choice((None, *WAYS))
        self._image(label, recoded(content, how) if how else content, Placed(self.images[original].picture, label))

    def _junk(self) -> None:
        self._put(self._place() / self.draw.choice(UNKNOWN_FILES), b"junk", "other_file")

    def _hidden(self) -> None:
        self._put(self._place() / self.draw.choice(HIDDEN), b"junk", "hidden")

    def _link(self) -> None:
        path = self._place() / f"link {len(self.apart)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.draw.choice([".", "..", "../..", "/etc", "nowhere", path.name, *sorted(self.images)[:1]]))
        self.apart[str(path)] = "link"

    def _image(self, label: str, content: bytes, placed: Placed) -> None:
        deep = self.draw.choice(("", "", "slide 1", "a/b"))
        patient, number = self.draw.randrange(12), len(self.images)
        name = f"{self.draw.choice(NAMES)}C{patient}P{number}{self.draw.choice(SUFFIXES)}"
        path = self.root / label / deep / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # a file system that takes no such name
            path.write_bytes(content)
            self.images[str(path)] = placed

    def _put(self, path: Path, content: bytes, kind: Kind) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.apart[str(path)] = kind

    def _place(self) -> Path:
        return self.root / self.draw.choice(("", *CLASSES, f"{CLASSES[0]}/slide 1"))

    def _new(self) -> int:
        return self.draw.getrandbits(60)

    def _below(self, path: str) -> str:
        return os.path.relpath(path, self.root)

    def _name(self, path: str) -> str:
        return printable_path(self._below(path))

    def _is_fit(self, path: str) -> bool:
        return self.images[path].reason is None and self.images[path].label in CLASSES


def drawn_folder(root: Path, seed: int, sound: Iterable[bytes]) -> Folder:
    """A folder at ``root``, another one for another seed; of cells that are shuffled in, each once."""
    draw = random.Random(seed)
    cells = list(sound)
    draw.shuffle(cells)
    wrapped = draw.random() < 0.15  # an only folder takes the place of the root
    filled = CLASSES if draw.random() < 0.85 else (draw.choice(CLASSES),)
    folder = Folder(root / "cells (2)" if wrapped else root, draw, cells, filled)
    for label in CLASSES:
        (folder.root / label).mkdir(parents=True)  # empty, or with few or only broken images in it, at first
    folder.grow()
    if wrapped:
        folder._put(root / "readme.txt", b"cells", "other_file")
    if draw.random() < 0.3:
        folder.nest()
    return folder


def entries(root: Path) -> set[str]:
    """Absolute paths of all below ``root`` that is no folder, links to folders too."""
    found = set()
    for here, folders, files in os.walk(root):
        found |= {f"{here}/{name}" for name in files}
        found |= {f"{here}/{name}" for name in folders if Path(here, name).is_symlink()}
    return found


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Name, mode, times and content of everything below ``root``, and of it."""
    return {path: _state(path) for path in (*entries(root), *(here for here, _, _ in os.walk(root)))}


def _state(path: str) -> tuple[object, ...]:
    facts = os.lstat(path)
    here = Path(path)
    content = here.readlink() if here.is_symlink() else here.read_bytes() if here.is_file() else None
    return facts.st_mode, facts.st_mtime_ns, facts.st_ino, facts.st_uid, content


def _misplaced(placed: Placed) -> str | None:
    return None if placed.label in CLASSES else "unknown_class"


@cache
def sound_cells(number: int = 90) -> tuple[bytes, ...]:
    return tuple(encoded(cell(seed, SIDE)) for seed in range(number))


@cache
def broken() -> tuple[tuple[str, bytes], ...]:
    """Files that are wrong by themselves: what `smearflow demo --faults` plants, of a drawn cell."""
    return tuple((fault.reason, fault.make(np.asarray(cell(1000, 96)))) for fault in OF_ONE_FILE)


def recoded(content: bytes, form: str) -> bytes:
    """The same pixels as other bytes."""
    with Image.open(io.BytesIO(content)) as image:
        return encoded(image.convert("RGB"), form, **({"compress_level": 1} if form == "PNG" else {}))


def converted(content: bytes, how: str) -> bytes:
    """A sound cell stored in another way than as plain RGB."""
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(content)) as image:
        plain = image.convert("RGB")
        if how == "rotated":
            return encoded(plain, exif=exif)
        return encoded(plain.convert({"grey": "L", "palette": "P", "alpha": "RGBA"}[how]))
