"""A process that outlives the one that started it: known by its number and by when it started.

The number alone isn't enough: after a reboot, or 4 million processes later, it is somebody else's.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux has it
GRACE = 10.0  # seconds between SIGTERM and SIGKILL


@dataclass(frozen=True)
class Daemon:
    """One process of this machine. ``started`` tells it from a later one that got the same number."""

    pid: int
    started: str

    @property
    def lives(self) -> bool:
        return start_of(self.pid) == self.started

    def end(self) -> bool:
        """Ask it to end, then make it. True where it lived and is gone now; a stranger of that number is let be."""
        return end_together([self]) > 0

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to it, if it still is itself."""
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def gone_within(self, seconds: float) -> bool:
        """Wait for its end, and say whether it came."""
        deadline = time.monotonic() + seconds
        while self.lives and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.lives


def end_together(daemons: Iterable[Daemon]) -> int:
    """Ask each once to end, all at the same time, then make those that don't. Returns how many lived and are gone.

    Once: to a second SIGTERM Prefect's processes answer by dropping what they were about to say.
    """
    lived = [daemon for daemon in daemons if daemon.lives]
    for signum in (signal.SIGTERM, signal.SIGKILL):
        for daemon in lived:
            daemon.send(signum)
            daemon.send(signal.SIGCONT)  # one that was stopped ends too
        deadline = time.monotonic() + GRACE
        if all(daemon.gone_within(deadline - time.monotonic()) for daemon in lived):
            break
    return sum(not daemon.lives for daemon in lived)


def children_of(pid: int) -> list[Daemon]:
    """The processes that ``pid`` started, as far as they live."""
    return [known for child in _processes() if _parent(child) == pid and (known := daemon_of(child))]


def daemon_of(pid: int) -> Daemon | None:
    """Process ``pid`` as it runs now; None where it doesn't."""
    started = start_of(pid)
    return Daemon(pid, started) if started else None


def start_of(pid: int) -> str | None:
    """When process ``pid`` started, in words that only it has; None where it is gone (or a zombie).

    Linux: clock ticks since boot, field 22 of /proc/PID/stat, and the boot's identity. Elsewhere what ps says.
    """
    if not BOOT.exists():
        return _start_by_ps(pid)
    fields = _stat(pid)
    return None if not fields or fields[0] in "ZX" else f"{fields[19]} {BOOT.read_text().strip()}"


def _stat(pid: int) -> list[str]:
    """What Linux says of ``pid``, from its state on, field 3 of /proc/PID/stat; nothing where it is gone."""
    try:
        # The second field is the program's name in brackets, and may itself hold spaces and brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _processes() -> list[int]:
    if BOOT.exists():
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(number) for number in _ps("-A", "-o", "pid=").split()]


def _parent(pid: int) -> int | None:
    told = _stat(pid)[1:2] if BOOT.exists() else _ps("-o", "ppid=", "-p", str(pid)).split()
    return int(told[0]) if told else None


def _start_by_ps(pid: int) -> str | None:
    state, _, started = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def _ps(*asked: str) -> str:
    return subprocess.run(["ps", *asked], capture_output=True, text=True, check=False).stdout
