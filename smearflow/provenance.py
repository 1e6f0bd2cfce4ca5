"""What a result was made with: digests of the code that a stage reaches and of the locked libraries; the processor."""

import ast
import functools
import hashlib
import platform
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ROOMS = ("flows", "tasks", "expectations", "smearflow")


def code_digest(*modules: str) -> str:
    """SHA-256 over the sources of ``modules`` (dotted names of ours) and of all of ours that they import.

    A template or styles beside a module, called as it is, are part of it.
    Imports inside functions count. Prefect's own TASK_SOURCE sees the task's body alone, so that a changed
    helper would be taken for a hit.
    """
    digest = hashlib.sha256()
    for name in sorted(reached(modules)):
        source = _source(name)
        for file in (source.with_suffix(suffix) for suffix in (".py", ".html", ".css")):
            if file.exists():
                digest.update(f"{name}{file.suffix}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def reached(modules: Iterable[str]) -> set[str]:
    """``modules`` and every module of ours that they import, transitively."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(name))
    return found


@functools.cache
def lock_digest() -> str:
    """SHA-256 of requirements.lock; a checkout without one counts as empty."""
    lock = CHECKOUT / "requirements.lock"
    return hashlib.sha256(lock.read_bytes() if lock.exists() else b"").hexdigest()


def processor_name() -> str:
    """The name of the processor, as its maker has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _source(name: str) -> Path:
    path = CHECKOUT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(name: str) -> set[str]:
    """Modules of ours that the source of ``name`` names in an import, with the packages they lie in."""
    return {module for module in _named_in(_source(name).read_bytes()) if _source(module).exists()}


@functools.lru_cache(maxsize=1024)  # reading a source is cheap, parsing it isn't, and stages share most of theirs
def _named_in(source: bytes) -> frozenset[str]:
    named: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named.add(node.module)
            named.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(module for module in named if module.split(".")[0] in ROOMS)
