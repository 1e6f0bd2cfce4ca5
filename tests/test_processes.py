"""A process ends with its parent, and takes its group along; one that serves a folder ends with the folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# A parent that starts a child in a group of its own, which starts a grandchild; the child watches the parent.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True)
child.wait()
"""
CHILD = """
import os, subprocess, sys, time
from smearflow.processes import end_with_parent
end_with_parent(os.getppid(), group=True)
grandchild = subprocess.Popen(["sleep", "60"])
print(os.getpid(), grandchild.pid, flush=True)
time.sleep(60)
"""
WATCHING = """
import sys, time
from pathlib import Path
from smearflow.processes import end_with_folder
end_with_folder(Path(sys.argv[1]))
print("watching", flush=True)
time.sleep(60)
"""


def test_child_and_grandchild_end_when_the_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child, grandchild = map(int, parent.stdout.readline().split())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(child) and not alive(grandchild))


def test_a_parent_that_died_before_the_watch_began_is_noticed() -> None:
    told = "from smearflow.processes import end_with_parent; import time; end_with_parent(1 << 30); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", told], cwd=CHECKOUT, timeout=30, check=False).returncode == 1


def test_it_ends_when_another_folder_takes_the_place_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    with subprocess.Popen([sys.executable, "-c", WATCHING, str(home)], cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        home.rename(tmp_path / "moved")
        home.mkdir()
        assert process.wait(timeout=20) == -signal.SIGTERM


def alive(pid: int) -> bool:
    """Whether a process still runs: a zombie that nobody has buried doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether ``holds`` becomes true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False
