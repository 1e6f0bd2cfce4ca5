"""Memory: how much is left, and telling its want from every other way in which a trainer ends."""

import resource
from pathlib import Path

VMSTAT = Path("/proc/vmstat")
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")  # as a process sees the group that it is in, version 2
# What TensorFlow, C++ and the system say when an allocation fails and nobody catches it.
WORDS = ("std::bad_alloc", "OOM when allocating", "out of memory", "Cannot allocate memory", "failed to allocate")


def available() -> int:
    """Bytes of memory that may still be taken: of the machine, or of the cgroup where that has less. 0: unknown."""
    return min((size for size in (_of_the_machine(), _of_the_cgroup()) if size is not None), default=0)


def _of_the_machine() -> int | None:
    try:
        lines = MEMINFO.read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


def _of_the_cgroup() -> int | None:
    """None where it has no limit. Pages of files, which the kernel can take back, aren't counted as taken."""
    try:
        limit, taken = ((CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        files = (CGROUP / "memory.stat").read_text().splitlines()
        cached = next((int(line.split()[1]) for line in files if line.startswith("inactive_file ")), 0)
        return max(0, int(limit) - int(taken) + cached)
    except (OSError, ValueError):  # ValueError: "max"
        return None


def is_shortage(error: BaseException) -> bool:
    """Whether ``error`` is an allocation that failed: Python's and NumPy's MemoryError, or TensorFlow's own."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError" or says_so(str(error))


def says_so(text: str) -> bool:
    """Whether the last words of a process are those of an allocation that failed."""
    return any(word.lower() in text.lower() for word in WORDS)


def kills() -> int:
    """How many processes of this machine the kernel has ended for want of memory, cgroups included; 0 where unknown.

    It tells the kernel's SIGKILL from anybody else's.
    """
    try:
        lines = VMSTAT.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def is_limited(pid: int) -> bool:
    """Whether the address space of our child ``pid``, which may have ended just now, has a limit (`ulimit -v`).

    TensorFlow's kernels don't look whether they got what they asked for: they crash, without a word.
    """
    try:
        return resource.prlimit(pid, resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
    except (ProcessLookupError, PermissionError):
        return False
