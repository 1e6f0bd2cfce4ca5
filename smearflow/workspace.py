"""Every path that smearflow writes to, and how it writes: aside first, then renamed into place."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smearflow.errors import UsageError
from smearflow.room import told_of

ANOTHER = "Name a folder that you may write to: --workspace DIR."
LISTING = "artifact.json"  # written last: an artifact without it never finished


@dataclass(frozen=True)
class Workspace:
    """The one folder that a job writes to. ``root`` is absolute."""

    root: Path

    @classmethod
    def at(cls, path: Path | str) -> "Workspace":
        """The workspace at ``path``, created where it isn't there. Raises UsageError where it can't be written to."""
        root = Path(path).expanduser().absolute()
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{root} can't be the workspace: {error.strerror}.", ANOTHER) from None
        if not os.access(root, os.W_OK | os.X_OK):
            raise UsageError(f"{root} can't be the workspace: it can't be written to.", ANOTHER)
        return cls(root)

    @property
    def prefect_home(self) -> Path:
        return self.root / "prefect"

    @property
    def server_record(self) -> Path:
        return self.root / "server.json"

    @property
    def cache(self) -> Path:
        """Prefect's records of finished stages."""
        return self.root / "cache"

    @property
    def registry(self) -> Path:
        return self.root / "mlflow.db"

    @property
    def registry_files(self) -> Path:
        return self.root / "mlflow"

    @property
    def champions(self) -> Path:
        """Bundles fetched from a registry elsewhere."""
        return self.root / "champions"

    @property
    def latest(self) -> Path:
        """A link to the folder of the last run."""
        return self.root / "latest"

    @property
    def leases(self) -> Path:
        """The locks that say which of this machine's places for trainers are taken."""
        return self.root / "leases" / platform.node()

    @property
    def engines(self) -> Path:
        """Which engine runs which frozen network fastest here, and the network as that engine wants it."""
        return self.root / "engines"

    @property
    def features(self) -> Path:
        """What frozen networks say of images: a folder a network. One that no run uses any more may be removed."""
        return self.root / "features"

    @property
    def checkpoints(self) -> Path:
        """What unfinished trainings have reached: a folder each, named by the key of what comes of it."""
        return self.root / "checkpoints"

    @property
    def sources(self) -> Path:
        """Archives that were fetched."""
        return self.root / "sources"

    @property
    def measured(self) -> Path:
        """What scans remember of images that they measured."""
        return self.root / "measured"

    @property
    def splits(self) -> Path:
        """Sets laid out as folders, for notebooks that read folders."""
        return self.root / "splits"

    @property
    def ledgers(self) -> Path:
        """Which set each patient was given, for good: a ledger for each line of champions and each way to divide."""
        return self.root / "ledgers"

    @property
    def promotion_ledger(self) -> Path:
        """Who held the alias of the champion, when and why."""
        return self.root / "promotion_ledger.jsonl"

    @property
    def labels(self) -> Path:
        """What people decided about labels."""
        return self.root / "labels.csv"

    @property
    def drop(self) -> Path:
        """Where new batches are put, unless quality_check.drop names another folder."""
        return self.root / "drop"

    @property
    def archive(self) -> Path:
        """Where handled batches go, unless quality_check.archive names another folder."""
        return self.root / "archive"

    @property
    def checks(self) -> Path:
        """Quality checks: a folder each, their history, and the page that shows it."""
        return self.root / "checks"

    @property
    def services(self) -> Path:
        """What was started for the workspace besides its server: a record each."""
        return self.root / "services"

    @property
    def running(self) -> Path:
        """Flow runs under way on this machine: a record each, with their process."""
        return self.root / "running"

    @property
    def artifacts(self) -> Path:
        """What stages made: a folder a stage, in it one a key."""
        return self.root / "artifacts"

    @property
    def runs(self) -> Path:
        """A folder a run: settings, summary, report."""
        return self.root / "runs"

    @property
    def exports(self) -> Path:
        """Models as files for other machines, unless `export --out` names another folder."""
        return self.root / "exports"

    @property
    def reproductions(self) -> Path:
        """Runs that were run again: a workspace of its own each, named by the run."""
        return self.root / "reproductions"

    def artifact(self, stage: str, key: str) -> Path:
        """The folder in which a stage leaves what it made from the inputs that ``key`` stands for."""
        return self.artifacts / stage / key

    def run(self, run_id: str) -> Path:
        return self.runs / run_id


@contextlib.contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder to fill. It takes the place of ``target`` once the body has ended well; else nothing is left of it.

    Where another builder has finished ``target`` meanwhile, that one stays: somebody may be reading it by now.
    Raises DiskError where the body finds no room.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    begun = time.time_ns()
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.{os.getpid()}.", dir=target.parent))
    try:
        with told_of(aside):
            yield aside
        files = {str(f.relative_to(aside)): f.stat().st_size for f in sorted(aside.rglob("*")) if f.is_file()}
        with told_of(aside):
            (aside / LISTING).write_text(json.dumps({"files": files}, indent=1))
        if not _finished_since(begun, target):
            _take_place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _finished_since(begun: int, target: Path) -> bool:
    """Whether ``target`` was finished after ``begun`` (time.time_ns), and is whole."""
    try:
        return (target / LISTING).stat().st_mtime_ns >= begun and is_whole(target)
    except OSError:
        return False


def _take_place(aside: Path, target: Path) -> None:
    """Rename ``aside`` to ``target``, whoever else does so at this moment: the last one's stays."""
    old = aside.with_name(aside.name + ".old")
    while aside.exists():
        with contextlib.suppress(FileNotFoundError):
            target.rename(old)
        try:
            aside.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # another builder's is there by now
                raise
        shutil.rmtree(old, ignore_errors=True)


def _sweep(target: Path) -> None:
    """Remove what builders of ``target`` left aside that were killed: their process is gone."""
    for left in target.parent.glob(f".{target.name}.*"):
        pid = left.name.removeprefix(f".{target.name}.").split(".")[0]
        if not pid.isdigit() or not lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def lives(pid: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_whole(artifact: Path) -> bool:
    """Whether a finished artifact still has every file that it was finished with, at its full length."""
    try:
        files: dict[str, int] = json.loads((artifact / LISTING).read_text())["files"]
        return all((artifact / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError):
        return False


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let one process at a time into the body. The kernel frees the file ``lock`` however its holder ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step: a reader sees the old file or the new one.

    Raises DiskError where there is no room for it.
    """
    with told_of(path, len(text)):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(aside).chmod(0o644)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise


def point(link: Path, target: Path) -> None:
    """Make ``link`` a symbolic link to ``target``, replacing the one that is there in one step."""
    aside = link.with_name(f".{link.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(target, link.parent))
    aside.replace(link)


def digest_of(*parts: Any) -> str:
    """A 32-digit SHA-256 of plain values (what JSON can say; anything else by its text). Order matters."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
