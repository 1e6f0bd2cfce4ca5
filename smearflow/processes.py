"""Processes that don't outlive the one that started them."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor

PERIOD = 0.5  # seconds between two looks at the parent


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


def image_workers(count: int) -> ProcessPoolExecutor:
    """``count`` processes for work on images. Spawned: a fork of a threaded parent may hang. They end with it."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, spawn, initializer=_prepare, initargs=(os.getpid(),))


def _prepare(parent_pid: int) -> None:
    import cv2

    end_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    cv2.setNumThreads(1)  # a process a core is enough
