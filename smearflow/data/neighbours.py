"""The cells that lie nearest to a cell on its slide, to compare it with: some of each label."""

import re
from bisect import bisect_left
from itertools import islice

import pandas as pd

EACH = 4  # neighbours of each label
NUMBERS = re.compile(r"\d+")


class Neighbours:
    """Finds the neighbours of any of ``cells`` (path, sha256, given, group), of the same group.

    Names of files tell where cells lie: those of one slide begin alike and end in the cell's number.
    """

    def __init__(self, cells: pd.DataFrame) -> None:
        names = [_in_order(str(path)) for path in cells["path"]]
        given = cells["given"].astype("string").fillna("").tolist()
        self._cells = dict(zip(cells["sha256"].tolist(), zip(cells["group"].tolist(), names, strict=True), strict=True))
        self._found: dict[tuple[str, str], list[tuple[tuple[object, ...], str]]] = {}
        for label, (sha256, (group, name)) in zip(given, self._cells.items(), strict=True):
            self._found.setdefault((group, label), []).append((name, sha256))
        for found in self._found.values():
            found.sort()
        self.labels = sorted(set(given))

    def of(self, sha256: str) -> list[tuple[str, list[str]]]:
        """The nearest EACH of each label, by sha256; twice as many where no cell has a label."""
        group, name = self._cells[sha256]
        count = EACH if len(self.labels) > 1 else 2 * EACH
        told = ((label, self._found.get((group, label), [])) for label in self.labels)
        return [(label, _nearest(found, name, sha256, count)) for label, found in told]


def _nearest(found: list[tuple[tuple[object, ...], str]], name: tuple[object, ...], own: str, count: int) -> list[str]:
    """Those next to ``name`` in the order of names, on both sides, in that order."""
    at = bisect_left(found, (name, ""))
    around = [each for each in found[max(0, at - count) : at + count + 1] if each[1] != own]
    before, after = (sum(each[0] < name for each in around), len(around))
    first = max(0, min(before - count // 2, after - count))
    return [sha256 for _, sha256 in islice(around, first, first + count)]


def _in_order(path: str) -> tuple[object, ...]:
    """The name of a file, so that cell 10 comes after cell 9: text and numbers in turn."""
    name = path.rpartition("/")[2]
    numbers = [int(number) for number in NUMBERS.findall(name)]
    return tuple(value for pair in zip(NUMBERS.split(name), [*numbers, 0], strict=True) for value in pair)
