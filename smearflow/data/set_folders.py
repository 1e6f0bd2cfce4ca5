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

    rows = divided.assign(name=link_names(divided, root))
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as aside:
        for label, members in rows.groupby("label"):
            named = Path(aside) / str(label)  # split-folders names a link like the file that it is given
            named.mkdir()
            for path, name in zip(members["path"], members["name"], strict=True):
                (named / name).symlink_to(file_at(root, path).absolute())
            sets = [([named / name for name in members.loc[members["split"] == s, "name"]], s) for s in SETS]
            copy_files(sets, named, folder, None, "symlink")


def link_names(divided: pd.DataFrame, root: Path) -> list[str]:
    """What each link is called: as its file; where two of a class are called alike, the later by path gets a number.

    The number comes last (C1_cell_7~2.png), so that the name still begins with the patient.
    """
    taken: set[tuple[str, str]] = set()
    names: dict[str, str] = {}
    for path, label in sorted(zip(divided["path"], divided["label"], strict=True)):
        names[path] = _free_name(file_at(root, path).name, label, taken)
        taken.add((label, names[path]))
    return [names[path] for path in divided["path"]]


def _free_name(name: str, label: str, taken: set[tuple[str, str]]) -> str:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    number, chosen = 1, name
    while (label, chosen) in taken:
        number += 1
        chosen = f"{stem}~{number}{suffix}"
    return chosen
