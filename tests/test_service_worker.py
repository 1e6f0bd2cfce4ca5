"""A run that a worker started ends with it; elsewhere nothing is watched."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smearflow.errors import MissingPart
from smearflow.service.prefect_server import Server
from smearflow.service.running import WORKER
from smearflow.service.services import STOPPED
from smearflow.service.worker import end_with_worker, end_worker, ensure_worker, worker_status
from smearflow.workspace import Workspace
from tests.test_processes import CHECKOUT, alive, eventually

# A worker that starts one run, says its number, and waits.
STARTS = """
import os, subprocess, sys
environment = {**os.environ, "SMEARFLOW_WORKER": str(os.getpid())}
run = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env=environment)
print(run.pid, flush=True)
run.wait()
"""
RUN = "import time; from smearflow.service.worker import end_with_worker; end_with_worker(); time.sleep(60)"


def test_a_run_ends_when_its_worker_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS, RUN], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        run = int(worker.stdout.readline())
        assert alive(run)
        os.kill(worker.pid, signal.SIGKILL)
        assert eventually(lambda: not alive(run))


def test_a_run_of_nobody_watches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKER, raising=False)
    before = threading.active_count()
    end_with_worker()
    assert threading.active_count() == before


def test_a_server_that_refuses_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match=r"127\.0\.0\.1:9/api doesn't make the work pool ward-7") as refused:
        ensure_worker(Workspace.at(tmp_path), Server("http://127.0.0.1:9/api", None, external=True), "ward-7")
    assert "PREFECT_API_KEY" in refused.value.fix


def test_where_no_worker_is_on_record_there_is_none_to_end(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    assert worker_status(workspace) == STOPPED
    assert not end_worker(workspace)
