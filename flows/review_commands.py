"""What `smearflow review` does: the page on which people decide about labels, or files to do so elsewhere."""

import argparse
import getpass
import json
import os
import signal
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pandas as pd

from flows.commands import connect
from smearflow.configuration import load_settings
from smearflow.data.decisions import read_decisions
from smearflow.data.label_files import read_label_file, write_queue
from smearflow.data.label_import import Imported, bring_in
from smearflow.data.manifest import read_manifest
from smearflow.data.overlay import opinions
from smearflow.data.readers import named
from smearflow.data.review_figures import sentences
from smearflow.data.review_queue import Order, cells_of, order_of, to_label, upcoming, views_of
from smearflow.errors import UsageError
from smearflow.known_cells import known_cells
from smearflow.processes import end_once
from smearflow.service.events import tell_of_labels
from smearflow.service.ports import is_free
from smearflow.service.review_page import ReviewServer
from smearflow.service.review_session import Session
from smearflow.settings import Settings
from smearflow.workspace import Workspace


def review(arguments: argparse.Namespace) -> int:
    """Let a person decide about labels, the worst first; or write that queue as CSV, or take decisions from one."""
    source = [f"data.source={json.dumps(arguments.data)}"] if arguments.data else []
    settings = load_settings(arguments.config, [*arguments.set, *source])
    reader, workspace = named(arguments.reader or _user()), Workspace.at(arguments.workspace)
    if arguments.import_file:
        print("\n".join(_brought_in(workspace, settings, arguments.import_file, reader)))
        return 0
    if arguments.port and not is_free(arguments.port):
        raise UsageError(f"Port {arguments.port} is taken.", "Name another: --port N. Without it a free one is found.")
    read_decisions(workspace.labels)  # one that isn't whole is told before minutes of work
    connect(workspace)
    session = _of_cells(settings, workspace, arguments.cells) if arguments.cells else _of_data(settings, workspace)
    if arguments.csv:
        count = _written(session, arguments.csv, reader)
        first = "the most helpful" if arguments.cells else "the worst"
        print(f"{count:,} cells, {first} first, in {arguments.csv}: file, sha256, given, score. Add a column label")
        print(f"(a class, exclude or unsure), then: smearflow review --import {arguments.csv}")
        return 0
    print("\n".join(_held(session, ReviewServer(session, reader, arguments.port or 0), settings, workspace)))
    return 0


def _user() -> str:
    """The name of who is at the machine, where it can be a reader's."""
    try:
        return named(getpass.getuser())
    except (KeyError, OSError, UsageError):  # a container's user may have no name
        return "reader"


def _of_data(settings: Settings, workspace: Workspace) -> Session:
    """A review of the labels of the data, scored by models that never saw the patient of a cell."""
    from flows.label_review import label_review

    found = label_review(settings, workspace.root)
    cells = cells_of(pd.read_parquet(found.scores.path), read_manifest(found.manifest))
    order = order_of(cells, settings.labels.blind, settings.labels.readers)
    return _session(cells, found.root, order, settings, workspace)


def _of_cells(settings: Settings, workspace: Workspace, folder: Path) -> Session:
    """A review of cells without labels, in the order in which labels help most."""
    from flows.cells_to_label import cells_to_label

    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Name a folder of cells: --cells DIR.")
    found = cells_to_label(folder, settings, workspace.root)
    cells = pd.read_parquet(found.queue)
    return _session(cells, found.root, to_label(cells), settings, workspace)


def _session(cells: pd.DataFrame, root: Path, order: Order, settings: Settings, workspace: Workspace) -> Session:
    return Session(cells, root, order, workspace.labels, settings.data.classes, settings.data.positive)


def _held(session: Session, server: ReviewServer, settings: Settings, workspace: Workspace) -> list[str]:
    """Hold the review until the page, Ctrl-C, SIGTERM or the parent's end finishes it. Returns what came of it."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_once(lambda: os.getppid() != parent)
    print(f"review    {server.url}")
    print(f"cells     {len(session.cells):,}; decisions go to {session.ledger}")
    print("end       Finish on the page, or Ctrl-C", flush=True)
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()
    if not session.made and not session.withdrawn:
        return ["Nothing was decided."]
    made = f"{session.made:,} decision{'s' * (session.made != 1)} made, all in {session.ledger}."
    if session.withdrawn:
        made += f" {session.withdrawn:,} from before taken back."
    told = tell_of_labels(workspace, settings.registry.name, "review")
    return [made, *sentences(session.figures(server.reader)), told]


def _written(session: Session, file: Path, reader: str) -> int:
    """Write the cells that ``reader`` could decide about, the worst first. Returns how many."""
    views = views_of(opinions(read_decisions(session.ledger)), session.cells)
    alone = Order(session.order.worst, [], [], session.order.readers)  # nobody sees a file blindly
    wanted = {sha256 for sha256, _ in islice(upcoming(alone, views, reader), len(session.cells))}
    queue = session.cells[session.cells["sha256"].isin(wanted)].rename(columns={"path": "file", "wrong": "score"})
    place = 1 - pd.Series(range(len(queue)), index=queue.index) / max(len(queue), 1)  # of cells that have no label yet
    write_queue(file, queue.assign(score=queue["score"].astype("float64").fillna(place)))
    return len(queue)


def _brought_in(workspace: Workspace, settings: Settings, file: Path, reader: str) -> list[str]:
    """Take decisions from ``file``; ``reader``: whose they are where it doesn't say."""
    found = read_label_file(file, settings.data.classes, reader)
    known = known_cells(workspace)
    done = bring_in(workspace.labels, found.decisions, known[1] if known else None)
    lines = _import_lines(done, known is not None)
    if found.undecided:
        lines.append(f"{found.undecided:,} rows have no label yet and were passed by.")
    return [*lines, tell_of_labels(workspace, settings.registry.name, "import")] if done.added else lines


def _import_lines(done: Imported, seen: bool) -> list[str]:
    lines = [f"{done.added:,} decisions taken in, {done.changed:,} of them in place of an earlier one."]
    if done.known:
        lines.append(f"{done.known:,} were known already.")
    if not seen:
        lines.append("No run has seen cells yet: the decisions are kept by name, and apply once one does.")
    if done.absent:
        lines.append(f"{done.absent:,} are about cells that aren't in the data: they are kept by name.")
    if done.ambiguous:
        lines.append(
            f"{done.ambiguous:,} go by a name that several cells have: they don't apply; name a path or a sha256."
        )
    return lines
