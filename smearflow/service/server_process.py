"""`python -m smearflow.service.server_process --port N`: `prefect server start` that ends with its workspace.

Prefect's own process goes on answering after its folder was deleted, and writes into files that no longer have a
name. This one looks once a second whether PREFECT_HOME is still the folder that it started in.
"""

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

PERIOD = 1.0  # seconds between two looks
GRACE = 5.0  # seconds for the server to close its connections


def end_without(home: Path) -> None:
    """From now on this process ends once ``home`` is gone, moved, or another folder of that name."""
    known = home.stat().st_ino

    def watch() -> None:
        while _number(home) == known:
            time.sleep(PERIOD)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-workspace", daemon=True).start()


def _number(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


if __name__ == "__main__":
    end_without(Path(os.environ["PREFECT_HOME"]))
    sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
