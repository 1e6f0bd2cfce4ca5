"""A real MLflow server, for what must work with a registry on another machine."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from smearflow.errors import MissingPart
from smearflow.registry.mlflow_store import check_reachable


@contextlib.contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """The address of a server that keeps its database and everybody's files in ``folder`` (10-20 s)."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    places = ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", str(folder / "files")]
    command = [sys.executable, "-m", "mlflow", "server", *places, "--port", str(port), "--workers", "1"]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as server,
    ):
        for _ in range(240):
            try:
                check_reachable(f"http://127.0.0.1:{port}")
                break
            except MissingPart:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
        os.killpg(server.pid, signal.SIGKILL)
