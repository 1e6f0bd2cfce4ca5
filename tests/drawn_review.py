"""A review of cells that the tests draw themselves: 40 of four patients, whose scores are made up."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from drawn_cells import folder_of_cells

from smearflow.data.decisions import Decision, append, now
from smearflow.data.review_queue import order_of
from smearflow.service.review_session import Session
from smearflow.workspace import file_digest

CLASSES = ("Parasitized", "Uninfected")


def cells_in(root: Path) -> pd.DataFrame:
    """The cells below ``root`` as review_queue.CELLS: the first are the worst."""
    paths = sorted(root.rglob("*.png"), key=lambda path: path.name)
    rows = [
        {
            "path": path.relative_to(root).as_posix(),
            "sha256": file_digest(path),
            "given": path.parent.name,
            "group": path.name[:2],
            "probability": 0.9 if path.parent.name == "Uninfected" else 0.2,
            "wrong": 1 / (2 + number),
        }
        for number, path in enumerate(paths)
    ]
    return pd.DataFrame(rows)


def made_up(count: int) -> pd.DataFrame:
    """``count`` cells without files."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "path": [f"Parasitized/C1P1_cell_{number}.png" for number in numbers],
            "sha256": [f"{number:064x}" for number in numbers],
            "given": "Parasitized",
            "group": "C1",
            "probability": 0.5,
            "wrong": [1 / (1 + number / 10) for number in numbers],
        }
    )


def session_in(folder: Path, blind: float = 0.2, readers: int = 1) -> Session:
    """A review of drawn cells below ``folder``, where its ledger lies too."""
    root = folder_of_cells(folder / "cells", each=5)
    cells = cells_in(root)
    return Session(cells, root, order_of(cells, blind, readers), folder / "labels.csv", CLASSES, "Parasitized")


def decided(ledger: Path, cells: Sequence[str], word: str, reader: str, queue: str = "worst") -> None:
    """Let ``reader`` say the same of each cell, by sha256."""
    append(ledger, [Decision("", cell, "Parasitized", word, reader, now(), "", queue) for cell in cells])
