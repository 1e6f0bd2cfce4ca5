"""The sets of a split as folders of links, for notebooks that read folders: train/<class>, val/<class>, test/<class>.

Who goes where is what the split table says; the folders are made by split-folders.
"""

import os
import tempfile
from pathlib import Path

import pandas as pd

from smearflow.data.sources import file_at
from smearflow.data.splitting import SETS


def lay_out(divided: pd.DataFrame, root: Path, folder: Path) -> None:
    """Fill ``folder`` with a link to each image of ``divided`` (path, label, split; below ``root``)."""
    from splitfolders.split import copy_files

    names = link_names(divided)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as aside:
        for label, members in divided.groupby("label"):
            named = Path(aside) / str(label)  # split-folders names a link like the file that it is given
            named.mkdir()
            for path in members["path"]:
                (named / names[path]).symlink_to(file_at(root, path).absolute())
            sets = [([named / names[path] for path in members.loc[members["split"] == s, "path"]], s) for s in SETS]
            copy_files(sets, named, folder, None, "symlink")


def link_names(divided: pd.DataFrame) -> dict[str, str]:
    """What the link to each path is called: as its file; of two in a class called alike, the later gets a number.

    The number comes last (C1_cell_7~2.png), so that the name still begins with the patient. No frame can hold these
    names: they needn't be UTF-8.
    """
    taken: set[tuple[str, str]] = set()
    names: dict[str, str] = {}
    for path, label in sorted(zip(divided["path"], divided["label"], strict=True)):
        names[path] = _free_name(file_at(Path(), path).name, label, taken)
        taken.add((label, names[path]))
    return names


def _free_name(name: str, label: str, taken: set[tuple[str, str]]) -> str:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    number, chosen = 1, name
    while (label, chosen) in taken:
        number += 1
        chosen = f"{stem}~{number}{suffix}"
    return chosen
