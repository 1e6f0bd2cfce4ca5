"""A process is known by its number and its start, so that a stranger of the same number is never ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smearflow.service.daemon import Daemon, children_of, end_together, start_of

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SLEEP]) as process:
        yield process
        process.kill()


def test_a_process_keeps_its_start() -> None:
    assert start_of(os.getpid()) == start_of(os.getpid()) is not None


def test_it_is_ended_once(child: subprocess.Popen[bytes]) -> None:
    daemon = Daemon(child.pid, start_of(child.pid) or "")
    assert daemon.lives
    assert daemon.end()
    assert not daemon.lives
    assert not daemon.end()


def test_a_stranger_that_got_the_number_is_let_be(child: subprocess.Popen[bytes]) -> None:
    assert not Daemon(child.pid, "started before the reboot").end()
    assert child.poll() is None


def test_one_that_is_deaf_to_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smearflow.service.daemon.GRACE", 0.3)
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert Daemon(child.pid, start_of(child.pid) or "").end()
    assert child.returncode == -9


def test_a_dead_child_that_nobody_waited_for_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended and is a zombie now
    assert start_of(child.pid) is None
    child.wait()


def test_children_are_those_that_a_process_started_itself(child: subprocess.Popen[bytes]) -> None:
    mine = children_of(os.getpid())
    assert Daemon(child.pid, start_of(child.pid) or "") in mine
    assert children_of(child.pid) == []


def test_several_are_asked_at_once_and_a_stopped_one_ends_too(child: subprocess.Popen[bytes]) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP]) as other:
        os.kill(other.pid, signal.SIGSTOP)
        both = [Daemon(process.pid, start_of(process.pid) or "") for process in (child, other)]
        assert end_together([*both, Daemon(child.pid, "a stranger")]) == 2
    assert other.returncode == child.wait() == -signal.SIGTERM


def test_elsewhere_ps_is_asked(child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("smearflow.service.daemon.BOOT", tmp_path / "no Linux")
    daemon = Daemon(child.pid, start_of(child.pid) or "")
    assert daemon.lives
    assert daemon in children_of(os.getpid())
