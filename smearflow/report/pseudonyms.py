"""What images and patients are called on the page. File names hold patient ids, so both are replaced.

Patients are numbered by the smallest digest among their images: a fixed order that can't be told from their ids.
Images are called by class and the first digits of their digest, by which the engineer finds them in the manifest.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from smearflow.data.sources import EXTENSIONS
from smearflow.settings import Data

DIGITS = 8  # of sha256 in a name
ENDING = "|".join(re.escape(ending) for ending in sorted(EXTENSIONS))
IMAGE_FILE = re.compile(rf"[^\s,;'\"()\[\]]+(?:{ENDING})\b", re.IGNORECASE)
CALLED = re.compile(r"\bpatient (\w+)")  # by an id that may be a bare number
ANOTHER = "another folder"
NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Names:
    """Names to show: images by path, patients by group. Without pseudonyms (``hidden`` false) things keep theirs."""

    hidden: bool
    data: Data
    images: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)  # what stands for an id in a sentence
    ids: re.Pattern[str] = NOTHING  # finds those ids

    def image(self, path: str) -> str:
        """What the image at ``path`` is called."""
        return self.images.get(path, "an image") if self.hidden else path

    def patient(self, group: str | None) -> str | None:
        """Whom an image is from; None where that isn't known."""
        if self.data.group == "image" or pd.isna(group):
            return None
        return self.patients.get(str(group), "a patient") if self.hidden else f"patient {group}"

    def folder(self, label: str | None) -> str:
        """The folder an image lies in. One that is no class may be named after a patient."""
        if pd.isna(label):
            return "no class folder"
        stranger = label not in self.data.classes and re.search(self.data.group_pattern, str(label))
        return ANOTHER if self.hidden and stranger else str(label)

    def text(self, sentence: str) -> str:
        """``sentence`` with the image files and patients in it called by their names."""
        if not self.hidden:
            return sentence
        for path in (p for p in self.images if " " in p and p in sentence):
            sentence = sentence.replace(path, self.images[path])
        sentence = IMAGE_FILE.sub(lambda hit: self._file(hit[0]), sentence)
        sentence = CALLED.sub(lambda hit: self.patients.get(hit[1], hit[0]), sentence)
        return self.ids.sub(lambda hit: self.words[hit[1]], sentence)

    def _file(self, written: str) -> str:
        """The name of a file that a sentence calls by its path, or by a path that ends in it."""
        parts = written.split("/")
        below = ("/".join(parts[at:]) for at in range(len(parts)))
        return next((self.images[path] for path in below if path in self.images), "an image file")


def names_of(manifest: pd.DataFrame | None, data: Data, *, hidden: bool) -> Names:
    """Names for the rows of ``manifest`` (path, sha256, label, group, reason)."""
    if manifest is None or not hidden:
        return Names(hidden, data)
    patients = _patients(manifest) if data.group == "pattern" else {}
    words = {**_strange_folders(manifest, data), **{group: name for group, name in patients.items() if _telling(group)}}
    return Names(hidden, data, _images(manifest, data), patients, words, _finder(words))


def _images(manifest: pd.DataFrame, data: Data) -> dict[str, str]:
    rows = manifest["reason"].notna().cumsum()
    facts = zip(manifest["path"], manifest["label"], manifest["sha256"], rows, strict=True)
    return {path: _image(label, sha256, row, data) for path, label, sha256, row in facts}


def _image(label: str | None, sha256: str | None, row: int, data: Data) -> str:
    if pd.isna(sha256):
        return f"row {row} of quarantine.parquet"
    return f"{label if pd.notna(label) and label in data.classes else 'image'} {str(sha256)[:DIGITS]}"


def _patients(manifest: pd.DataFrame) -> dict[str, str]:
    first = manifest.groupby("group")["sha256"].min().sort_values(kind="stable")
    return {str(group): f"patient {number}" for number, group in enumerate(first.index, start=1)}


def _strange_folders(manifest: pd.DataFrame, data: Data) -> dict[str, str]:
    """Folders that are no class and that are named as patients are."""
    labels = {str(label) for label in manifest["label"].dropna().unique()} - set(data.classes)
    return {label: ANOTHER for label in labels if re.search(data.group_pattern, label) and _telling(label)}


def _telling(word: str) -> bool:
    """Whether a sentence that has ``word`` means the patient: a bare number may be any figure, an A an article."""
    letters, digits = (re.search(kind, word) for kind in (r"[^\W\d_]", r"\d"))
    return bool(letters and (digits or len(word) > 3))


def _finder(words: Iterable[str]) -> re.Pattern[str]:
    """Finds ``words``, and what a file name appends to them (C104 in C104P65ThinF, but C10 in neither)."""
    longest_first = sorted(words, key=len, reverse=True)
    choice = "|".join(re.escape(word) for word in longest_first)
    return re.compile(rf"(?<!\w)({choice})(?!\d)\w*") if choice else NOTHING
