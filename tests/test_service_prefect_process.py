"""A Prefect process of ours is Prefect's own command, and ends with its folder."""

import os
import subprocess
import sys
from pathlib import Path

from tests.test_processes import CHECKOUT


def test_it_is_prefects_own_command(tmp_path: Path) -> None:
    told = [sys.executable, "-m", "smearflow.service.prefect_process", "--version"]
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path), "DO_NOT_TRACK": "1"}
    done = subprocess.run(told, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("3.")
