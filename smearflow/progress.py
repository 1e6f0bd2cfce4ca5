"""Progress of long work: bars on a terminal, plain lines elsewhere."""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

Advance = Callable[[int], None]
COUNTED = re.compile(r"(\w+) ([\d,]+)/([\d,]+)")
LINE_EVERY = 10.0  # seconds between plain lines


def silent(_: int) -> None:
    """Progress that nobody watches."""


def counted(line: str) -> tuple[str, int, int] | None:
    """What a line such as "features 1,024/9,356" counts, how many are done, and of how many; None of another line."""
    found = COUNTED.match(line)
    if found is None:
        return None
    done, total = (int(found[n].replace(",", "")) for n in (2, 3))
    return found[1], done, total


@contextlib.contextmanager
def progress(label: str, total: int | None) -> Iterator[Advance]:
    """Yields a function to call with the number of items newly done, out of ``total`` (None: nobody knows).

    Threads may each have one.
    """
    if not sys.stderr.isatty():
        yield _lines(label, total)
        return
    with DISPLAY as bars:
        task = bars.add_task(label, total=total)
        try:
            yield lambda count: bars.advance(task, count)
        finally:
            bars.remove_task(task)


@contextlib.contextmanager
def overheard(label: str) -> Iterator[Callable[[str], None]]:
    """Yields what takes the lines of a process that works for us: they are printed after ``label``.

    On a terminal lines such as "epoch 3/10 loss 0.3" or "features 1,024/9,356" move a bar as well.
    """
    if not sys.stderr.isatty():
        yield lambda line: print(f"{label}: {line}", flush=True)
        return
    with DISPLAY as bars:
        task = bars.add_task(label, total=None)

        def hear(line: str) -> None:
            print(f"{label}: {line}", flush=True)
            if found := counted(line):
                what, done, total = found
                bars.update(task, description=f"{label}, {what}", completed=done, total=total, refresh=True)

        try:
            yield hear
        finally:
            bars.remove_task(task)


class _Display:
    """The one place on the terminal where bars are drawn: there while anybody has one."""

    def __init__(self) -> None:
        self.users = 0
        self._lock = threading.Lock()
        self._bars: Progress | None = None

    def __enter__(self) -> "Progress":
        with self._lock:
            self.users += 1
            if self._bars is None:
                self._bars = _bars()
                self._bars.start()
            return self._bars

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.users -= 1
            if self._bars and not self.users:
                self._bars.stop()
                self._bars = None


DISPLAY = _Display()


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _lines(label: str, total: int | None) -> Advance:
    done, last = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, last
        done += count
        if time.monotonic() - last >= LINE_EVERY:
            last = time.monotonic()
            print(f"{label}: {done:,}" + (f" of {total:,}" if total is not None else ""), flush=True)

    return advance
