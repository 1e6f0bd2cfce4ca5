"""Signs of life through a shared folder: how two processes on different machines learn of each other's end.

One writes a counter into a file while it lives. The other looks whether it still changes, by its own clock alone; on
the same machine it looks after the process itself.
"""

import contextlib
import json
import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from smearflow.workspace import Workspace, lives, write_text

PERIOD = 5.0  # seconds between two signs
SILENCE = 120.0  # seconds without one: its machine is gone; a network's file system may show a change late


def parent_sign(workspace: Workspace, flow_run_id: str) -> Path:
    """Where a run that waits for ``flow_run_id`` gives its signs."""
    return workspace.running / f"{flow_run_id}.parent"


def child_sign(workspace: Workspace, flow_run_id: str) -> Path:
    """Where the process of ``flow_run_id`` gives its own."""
    return workspace.running / f"{flow_run_id}.child"


@contextlib.contextmanager
def signing(path: Path) -> Iterator[None]:
    """Give signs of life in ``path`` while the body runs. The file goes at its end, which tells the other at once."""
    over = threading.Event()

    def sign() -> None:
        count = 0
        while not over.is_set():
            with contextlib.suppress(Exception):  # a disk that is full for a moment is no death
                write_text(path, _sign(count := count + 1))
            over.wait(PERIOD)

    write_text(path, _sign(0))
    thread = threading.Thread(target=sign, name="signs-of-life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.unlink(missing_ok=True)


class Listener:
    """Hears whether somebody still gives signs in ``path``. One who never gave any is waited for, too."""

    def __init__(self, path: Path, patience_s: float = SILENCE) -> None:
        self.path = path
        self.patience_s = patience_s
        self._last: str | None = None
        self._since = time.monotonic()

    def silent(self) -> bool:
        """Whether nothing was heard for too long, or the file is gone that was there."""
        try:
            now = self.path.read_text()
        except FileNotFoundError:
            now = None
            if self._last is not None:
                return True
        except OSError:  # the network, for a moment
            now = self._last
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return _is_gone(now) or time.monotonic() - self._since > self.patience_s


def _sign(count: int) -> str:
    return json.dumps({"host": platform.node(), "pid": os.getpid(), "count": count})


def _is_gone(said: str | None) -> bool:
    """Whether the process that gave this sign was one of this machine, and is no more."""
    try:
        sign = json.loads(said or "null")
        return sign is not None and sign["host"] == platform.node() and not lives(sign["pid"])
    except (ValueError, TypeError, KeyError):
        return False


@contextlib.contextmanager
def ends_without(path: Path, patience_s: float = SILENCE) -> Iterator[None]:
    """End this process as if by SIGTERM, should the signs in ``path`` cease while the body runs."""
    over, listener = threading.Event(), Listener(path, patience_s)

    def watch() -> None:
        while not over.wait(min(PERIOD, patience_s) / 5):
            if listener.silent():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=watch, name="listens-for-life", daemon=True).start()
    try:
        yield
    finally:
        over.set()
