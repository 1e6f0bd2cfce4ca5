"""Processes that don't outlive the one that started them, nor the folder that they serve."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

PERIOD = 0.5  # seconds between two looks
GRACE = 10.0  # seconds for a process to end what it does, once it was asked to


def end_with_parent(parent_pid: int, group: bool = False) -> None:
    """From now on this process ends (its whole process group, with ``group``) within a second of its parent's end.

    ``parent_pid`` is the parent's own number, handed down: a parent that died before this call is noticed too.
    SIGKILL gives a parent no chance to end its children, so each child looks for itself.
    """

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(PERIOD)
        if group:
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def end_with_folder(folder: Path) -> None:
    """From now on this process ends once ``folder`` is gone, moved, or another one of that name."""
    known = _inode(folder)
    end_once(lambda: _inode(folder) != known)


def end_once(gone: Callable[[], bool]) -> None:
    """From now on this process ends as if by SIGTERM within a second of ``gone()``, or 10 s later where it is deaf."""

    def watch() -> None:
        while not gone():
            time.sleep(PERIOD)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="end-once", daemon=True).start()


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def image_workers(count: int) -> ProcessPoolExecutor:
    """``count`` processes for work on images. Spawned: a fork of a threaded parent may hang. They end with it."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, spawn, initializer=_prepare, initargs=(os.getpid(),))


def _prepare(parent_pid: int) -> None:
    import cv2

    end_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    cv2.setNumThreads(1)  # a process a core is enough
