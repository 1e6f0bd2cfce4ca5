"""How a stage is run: under a key, from the cache where nothing has changed, noted down for the summary.

A stage is a plain function whose first parameter is the folder that it leaves its result in. ``@stage`` makes it a
Prefect task, called with the run in place of that folder. Its key is the digest of its arguments, of its code with
all of ours that it imports, and of the locked libraries: same key, no work. A hit counts only while the folder that
it names is there and whole.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, cast

from prefect import Task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture

from smearflow.errors import SmearflowError
from smearflow.provenance import code_digest, lock_digest
from smearflow.settings import Section, Settings
from smearflow.summary import StageResult, StageState
from smearflow.workspace import Workspace, digest_of, is_whole

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Run:
    """A run under way: where it writes, whether it may use what earlier runs made, what it has reached."""

    command: Literal["run", "validate", "check", "review"]
    settings: Settings
    workspace: Workspace
    run_id: str
    fresh: bool = False
    stages: list[StageResult] = field(default_factory=list)
    reached: dict[str, Any] = field(default_factory=dict)  # stage -> what it returned

    @property
    def folder(self) -> Path:
        checks = self.workspace.checks / self.run_id
        return checks if self.command == "check" else self.workspace.run(self.run_id)

    def note(self, stage: str, state: StageState, started: float) -> None:
        """Write down that ``stage``, begun at ``started`` (time.monotonic), has ended."""
        self.stages.append(StageResult(name=stage, state=state, seconds=round(time.monotonic() - started, 3)))


class Stage(Generic[P, R]):
    """A Prefect task that is called with the run: ``scan(run, source, ...)``."""

    def __init__(
        self, function: Callable[Concatenate[Path, P], R], says: Callable[[R], str], code: tuple[str, ...], cached: bool
    ) -> None:
        self.function = function  # without Prefect
        self.name = function.__name__
        self.says = says
        self.cached = cached
        self.code = (function.__module__, *code)
        self.task: Task[Any, R] = Task(
            fn=self._published(function),
            name=self.name,
            cache_policy=CacheKeyFnPolicy(cache_key_fn=_by_folder) if cached else NO_CACHE,
            persist_result=cached,
            log_prints=True,
        )

    def __call__(self, run: Run, *args: P.args, **kwargs: P.kwargs) -> R:
        started = time.monotonic()
        folder = self.folder(run, *args, **kwargs)
        state: Any = self.bound(run, folder)(folder, *args, return_state=True, **kwargs)
        run.note(self.name, state_of(state), started)
        result = cast(R, state.result())
        if state.name == "Cached":
            self.publish(result, "*Cached: nothing has changed since an earlier run.*\n\n")
        run.reached[self.name] = result
        return result

    def submit(self, run: Run, *args: P.args, **kwargs: P.kwargs) -> PrefectFuture[R]:
        """The same, beside others. Who waits for the future notes the stage down."""
        folder = self.folder(run, *args, **kwargs)
        return self.bound(run, folder).submit(folder, *args, **kwargs)

    def folder(self, run: Run, *args: P.args, **kwargs: P.kwargs) -> Path:
        """Where the result for these arguments lies: named by their key, or by the run."""
        if not self.cached:
            return run.folder
        made_of = (identity(args), identity(kwargs), code_digest(*self.code), lock_digest())
        key = digest_of(self.name, str(run.workspace.root), *made_of)  # records hold absolute paths
        return run.workspace.artifact(self.name, key)

    def bound(self, run: Run, folder: Path) -> Task[Any, R]:
        """The task with its record in the workspace, and with a hit tied to a whole artifact."""
        if not self.cached:
            return self.task
        refresh = run.fresh or not is_whole(folder)
        return self.task.with_options(result_storage=run.workspace.cache, refresh_cache=refresh)

    def publish(self, result: R, heading: str = "") -> None:
        """Show ``result`` in Prefect's UI, at the task run or flow run that is under way."""
        told = self.says(result)
        first = told.strip().splitlines()[0].strip("#* ")
        print(f"{self.name}: {first}")
        create_markdown_artifact(key=self.name.replace("_", "-"), markdown=heading + told, description=first)

    def _published(self, function: Callable[Concatenate[Path, P], R]) -> Callable[Concatenate[Path, P], R]:
        @functools.wraps(function)
        def told(folder: Path, /, *args: P.args, **kwargs: P.kwargs) -> R:
            result = function(folder, *args, **kwargs)
            self.publish(result, _after_retries())
            return result

        return told


def stage(
    says: Callable[[R], str], *, code: tuple[str, ...] = (), cached: bool = True, **options: Any
) -> Callable[[Callable[Concatenate[Path, P], R]], Stage[P, R]]:
    """Make a function a stage. ``says`` puts its result into markdown for the UI, a heading first.

    ``code`` names modules that it runs without importing them; ``cached=False`` is for stages that act. ``options``
    are Prefect's: task_run_name, retries, retry_delay_seconds. What a retry can't mend is not tried again.
    """

    def made(function: Callable[Concatenate[Path, P], R]) -> Stage[P, R]:
        built = Stage(function, says, code, cached)
        built.task = built.task.with_options(retry_condition_fn=worth_retrying, **options)
        return built

    return made


def common_state(states: Collection[Any]) -> StageState:
    """The state of a stage that was several task runs: cached if all were, failed if none came through."""
    each = {state_of(state) for state in states}
    if each == {"cached"}:
        return "cached"
    return "failed" if each <= {"failed"} else "completed"


def state_of(state: Any) -> StageState:
    """A Prefect state in the summary's words."""
    if state.name == "Cached":
        return "cached"
    return "completed" if state.is_completed() else "failed"


def worth_retrying(task: Any, task_run: Any, state: Any) -> bool:
    """Whether a failure may have been the moment's: our own errors say what to mend first, and a few say "again"."""
    error = state.result(raise_on_failure=False)
    return error.retryable if isinstance(error, SmearflowError) else True


def identity(value: Any) -> Any:
    """What stands for an argument in a key: the digest of what it points to, or its own plain values."""
    if hasattr(value, "digest"):
        return value.digest
    if isinstance(value, Section):
        return value.keyed()
    if isinstance(value, tuple | list):
        return [identity(item) for item in value]
    if isinstance(value, dict):
        return {name: identity(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: identity(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def _after_retries() -> str:
    """What a person should know of a result that took several tries; nothing after the first."""
    context = TaskRunContext.get()
    tries = context.task_run.run_count if context else 1
    return f"*Try number {tries}: see the log for why those before failed.*\n\n" if tries > 1 else ""


def _by_folder(context: Any, parameters: dict[str, Any]) -> str:
    """Prefect's cache key: a file name, from the folder that carries the stage's key."""
    folder: Path = next(iter(parameters.values()))
    return f"{context.task.name}-{folder.name}"
