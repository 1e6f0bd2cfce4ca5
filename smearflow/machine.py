"""The machine that we are on, as far as results depend on it."""

import platform
from pathlib import Path


def machine() -> dict[str, str]:
    """Python, platform and processor, by these names."""
    return {"python": platform.python_version(), "platform": platform.platform(), "processor": processor()}


def processor() -> str:
    """The name of the processor, as its maker has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
