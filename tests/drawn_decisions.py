"""Decisions about labels, and the cells that they are about, for the tests that need some."""

from pathlib import Path

import pandas as pd

from smearflow.data.decisions import Decision, append
from smearflow.data.manifest import as_manifest
from smearflow.origins import Origins, machine, write_origins
from smearflow.settings import Settings
from smearflow.summary import Paths, Summary, Verdict, write_summary
from smearflow.workspace import Workspace

SICK, WELL = "Parasitized", "Uninfected"
RUN = "20261129-080000-aaaa"
DAY = "2026-11-29T08:00:00+00:00"


def sha(number: int) -> str:
    """The digest of cell ``number``."""
    return f"{number:064x}"


def cells(count: int = 6) -> pd.DataFrame:
    """A manifest of ``count`` cells as given, every second one parasitized, with a name and a content of its own."""
    labels = [(SICK, WELL)[number % 2] for number in range(count)]
    paths = [f"{label}/C{number}_cell.png" for number, label in enumerate(labels)]
    rows = {"path": paths, "sha256": [sha(n) for n in range(count)], "label": labels, "label_given": labels}
    return as_manifest(pd.DataFrame(rows)).sort_values("sha256", ignore_index=True)


def word(number: int, decided: str, reader: str = "ann", **more: str) -> Decision:
    """What ``reader`` says of cell ``number`` of ``cells``."""
    given = (SICK, WELL)[number % 2]
    told = {"time": DAY, "queue": "worst", **more}
    return Decision(f"{given}/C{number}_cell.png", sha(number), given, decided, reader, **told)


def named(file: str, decided: str, reader: str = "ann", **more: str) -> Decision:
    """What ``reader`` says of a cell that they know by its name alone."""
    return Decision(file, None, None, decided, reader, **{"time": DAY, **more})


def ledger_of(folder: Path, *decisions: Decision) -> Path:
    """A ledger of ``decisions`` in ``folder``."""
    append(folder / "labels.csv", decisions)
    return folder / "labels.csv"


def run_that_saw(workspace: Workspace, manifest: pd.DataFrame, root: Path, run: str = RUN, **digests: str) -> None:
    """A run in ``workspace`` whose cells were those of ``manifest`` below ``root``, and which trained on them."""
    folder = workspace.run(run)
    folder.mkdir(parents=True)
    manifest.to_parquet(folder / "manifest.parquet", index=False)
    verdict = Verdict(outcome="kept", why="", next="")
    paths = Paths(manifest=folder / "manifest.parquet")
    write_summary(Summary(run_id=run, command="run", status="completed", verdict=verdict, paths=paths), folder)
    facts = {"run_id": run, "settings": Settings(), "root": root, "split": folder / "manifest.parquet", "models": {}}
    write_origins(Origins.model_validate({**facts, "digests": digests, "machine": machine()}), folder)
