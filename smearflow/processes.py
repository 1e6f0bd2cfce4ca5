"""Processes that don't outlive the one that started them."""

import os
import signal
import threading
import time

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
