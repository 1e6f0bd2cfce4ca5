"""What `smearflow labels` does: list, verify, export, revert. Each returns the exit status."""

import argparse
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from flows.label_lines import as_plain, list_lines
from smearflow.configuration import load_settings
from smearflow.data.decisions import Entry, append, head_of, read_decisions
from smearflow.data.label_export import as_decided, write_table, write_tree
from smearflow.data.label_revert import moment, withdrawals
from smearflow.data.label_tally import tally
from smearflow.data.overlay import opinions
from smearflow.errors import MissingPart, UsageError
from smearflow.known_cells import cells_of, known_cells
from smearflow.origins import FILE, last_run, origins_of
from smearflow.service.events import tell_of_labels
from smearflow.workspace import Workspace


def labels(arguments: argparse.Namespace) -> int:
    """Say what people decided about labels; prove, export or revert it. DataError (1) where the ledger was changed."""
    if not arguments.workspace.exists():
        raise UsageError(f"There is no workspace {arguments.workspace}.", "Name one: --workspace DIR.")
    if arguments.ask != "export" and arguments.path:
        raise UsageError(f"{arguments.path} is of no use here.", "Only `labels export PATH` takes a path.")
    workspace = Workspace.at(arguments.workspace)
    entries = read_decisions(workspace.labels)
    if arguments.ask == "verify":
        return _verify(workspace, entries, arguments.json)
    if arguments.ask == "export":
        return _export(workspace, entries, arguments.path)
    if arguments.ask == "revert":
        return _revert(workspace, entries, arguments)
    found = tally(entries, known_cells(workspace))
    print(json.dumps(as_plain(found), indent=2) if arguments.json else "\n".join(list_lines(found)))
    return 0


def _verify(workspace: Workspace, entries: Sequence[Entry], as_json: bool) -> int:
    """The ledger was read, so each line continues the one before; 1 where a run knew of lines that aren't there."""
    cut = _runs_that_knew_more(workspace, entries)
    told = {"whole": not cut, "lines": len(entries), "head": head_of(entries), "runs_that_knew_more": cut}
    if as_json:
        print(json.dumps(told, indent=2))
        return 1 if cut else 0
    for run_id in cut:
        print(f"wrong     Run {run_id} went by decisions that aren't there any more: lines were taken off the end.")
    print(f"{'chain' if cut else 'whole'}     {len(entries):,} lines, each continuing the one before")
    print(f"head      {head_of(entries)}")
    print(f"ledger    {workspace.labels}")
    return 1 if cut else 0


def _runs_that_knew_more(workspace: Workspace, entries: Sequence[Entry]) -> list[str]:
    """Runs whose models were made by decisions that ``entries`` don't lead to: they hold where the chain ended then."""
    known = {entry.chain for entry in entries}
    found = []
    for file in sorted(workspace.runs.glob(f"*/{FILE}")):
        with contextlib.suppress(UsageError):  # another version of smearflow wrote it
            head = origins_of(workspace, file.parent.name).digests.get("decisions")
            if head and head not in known:
                found.append(file.parent.name)
    return found


def _export(workspace: Workspace, entries: Sequence[Entry], path: Path | None) -> int:
    if path is None:
        raise UsageError("Where to?", "Name a file (labels export cells.csv) or a new folder (labels export cells).")
    export = _export_table if path.suffix.lower() == ".csv" else _export_tree
    print(export(workspace, opinions(entries), path))
    return 0


def _export_table(workspace: Workspace, said: pd.DataFrame, file: Path) -> str:
    known = known_cells(workspace)
    if known is None:
        raise MissingPart(f"No run in {workspace.root} has seen cells.", "Look at some first: smearflow validate.")
    run_id, cells = known
    write_table(file, as_decided(cells, said))
    return f"{len(cells):,} cells of run {run_id} in {file}"


def _export_tree(workspace: Workspace, said: pd.DataFrame, folder: Path) -> str:
    try:
        origins = last_run(workspace)
    except MissingPart:
        what = f"No run in {workspace.root} trained on images that are still there."
        fix = "Train on them: smearflow run. A table needs no training: labels export FILE.csv"
        raise MissingPart(what, fix) from None
    cells = cells_of(workspace, origins.run_id)
    if cells is None:
        raise MissingPart(f"The manifest of run {origins.run_id} is gone.", "Run again: smearflow run.")
    links = write_tree(folder, as_decided(cells, said), origins.root, origins.settings.data.classes)
    return f"{links:,} links to cells of run {origins.run_id}, in class folders of {folder}"


def _revert(workspace: Workspace, entries: Sequence[Entry], arguments: argparse.Namespace) -> int:
    reader, since = arguments.reader, arguments.since
    if reader is None:
        raise UsageError("Whose decisions?", "Name the reader: labels revert --reader NAME [--since 2026-11-29].")
    registry = load_settings(arguments.config, arguments.set).registry
    taken_back = append(workspace.labels, withdrawals(entries, reader, moment(since) if since else None))
    print(f"taken back: {len(taken_back):,} of {reader}" + (f", since {since}" if since else ""))
    if taken_back:
        print(tell_of_labels(workspace, registry.name, "revert"))
    return 0
