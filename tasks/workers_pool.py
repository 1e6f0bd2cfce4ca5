"""Workers of a Prefect work pool, on this machine and on others: a flow run of `backbone-training` a backbone."""

import contextlib
import threading
import time
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from smearflow import errors
from smearflow.data.splitting import Parts
from smearflow.errors import MissingPart, SmearflowError, TrainingError
from smearflow.models.jobs import Hear, Job, result_of
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.service.prefect_api import NO_ANSWER, ask
from smearflow.service.prefect_runs import OVER, cancel, mark_over, workers_online
from smearflow.settings import Settings
from smearflow.signs import Listener, child_sign, parent_sign, signing

DEPLOYMENT = "backbone-training/backbone-training"
PERIOD = 2.0  # seconds between two looks at a run
PATIENCE = 150.0  # seconds for which the server may be away
REMIND = 60.0  # seconds between two lines of who still waits for a worker
SILENT = "No sign of life from its process: its machine is gone, or no longer reaches the workspace."


class PoolWorkers:
    """Hands backbones to the work pool, waits for them, and cancels what is still under way when it is closed."""

    digest = "workers"

    def __init__(self, settings: Settings, fresh: bool) -> None:
        self.settings = settings
        self.fresh = fresh
        self._under_way: dict[str, str] = {}  # flow run -> address of its server
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __enter__(self) -> "PoolWorkers":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:  # a run that is just being made is on the list before, or isn't made any more
            self._closed.set()
            left = dict(self._under_way)
        for run, api_url in left.items():
            with contextlib.suppress(*NO_ANSWER):  # its own process notices that ours is gone
                cancel(api_url, run)

    def train(self, job: Job, on_line: Hear) -> Trained:
        """Have ``job`` done by whichever worker takes it. Raises what it ended with there."""
        run, api_url = self._hand_over(job)
        on_line(f"handed to the pool {self.settings.live.pool}: {api_url.removesuffix('/api')}/runs/flow-run/{run}")
        try:
            with signing(parent_sign(job.workspace, run)):
                ended = self._wait(job, run, api_url, on_line)
        finally:
            self._under_way.pop(run, None)
        if ended["state_type"] != "COMPLETED":
            raise failure_of(job.plan.label, ended)
        return result_of(job.folder)

    def _hand_over(self, job: Job) -> tuple[str, str]:
        """Make the flow run of ``job``: its id, and the server that it is on."""
        from prefect.settings import get_current_settings

        with self._lock:
            if self._closed.is_set():
                raise TrainingError(f"{job.plan.label}: ended with its run", permanent=True)
            run = _make_run(self._parameters(job))
            api_url = str(get_current_settings().api.url)
            self._under_way[str(run)] = api_url
        return str(run), api_url

    def _parameters(self, job: Job) -> dict[str, Any]:
        return {
            "settings": self.settings.model_dump(mode="json"),
            "workspace": str(job.workspace.root),
            "plan": TypeAdapter(Plan).dump_python(job.plan, mode="json"),
            "parts": TypeAdapter(Parts).dump_python(job.parts, mode="json"),
            "backbones": job.crowd.backbones,
            "folder": str(job.folder),
            "fresh": self.fresh,
        }

    def _wait(self, job: Job, run: str, api_url: str, on_line: Hear) -> dict[str, Any]:
        """The flow run ``run`` as the server knows it, once it is over."""
        heard = Listener(child_sign(job.workspace, run))
        answered = reminded = time.monotonic()
        state = ""
        while not self._closed.wait(PERIOD):
            try:
                found: dict[str, Any] = ask("GET", f"{api_url}/flow_runs/{run}")
                answered = time.monotonic()
            except NO_ANSWER as error:
                if time.monotonic() - answered > PATIENCE:
                    raise TrainingError(f"{job.plan.label}: the server at {api_url} is away: {error}") from None
                continue
            if found["state_type"] in OVER:
                return found
            if found["state_name"] != state:
                state = found["state_name"]
                on_line(f"on the pool: {state}")
                heard = Listener(heard.path)
            if state == "Running" and heard.silent():
                with contextlib.suppress(*NO_ANSWER):
                    mark_over(api_url, run, SILENT)
            if found["state_type"] == "SCHEDULED" and time.monotonic() - reminded > REMIND:
                reminded = time.monotonic()
                on_line(_who_there_is(api_url, self.settings.live.pool))
        raise TrainingError(f"{job.plan.label}: ended with its run", permanent=True)


def failure_of(label: str, run: dict[str, Any]) -> SmearflowError:
    """What a flow run that didn't complete ended with: the error that its state names, as if raised here."""
    said = (run["state"] or {}).get("message") or ""
    kind, _, words = said.partition(": ")
    what, _, fix = words.partition("\n")
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, SmearflowError):
        if issubclass(known, TrainingError):  # the worker has tried again already
            return TrainingError(what, fix, permanent=True)
        return known(what, fix)
    again = run["state_type"] == "CRASHED"
    return TrainingError(f"{label}: its run on the pool is {run['state_name']}: {said}", permanent=not again)


def _make_run(parameters: dict[str, Any], deployment: str = DEPLOYMENT) -> UUID:
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound

    name = f"train {parameters['plan']['label']}"
    try:
        made: Any = run_deployment(deployment, parameters=parameters, timeout=0, flow_run_name=name)
    except ObjectNotFound:
        raise MissingPart(
            f"The Prefect server knows no deployment {deployment}.", "`smearflow up` makes it; or set workers=local."
        ) from None
    run_id: UUID = made.id
    return run_id


def _who_there_is(api_url: str, pool: str) -> str:
    try:
        online = workers_online(api_url, pool)
    except NO_ANSWER:
        return "waiting for a worker"
    if not online:
        return (
            f"waiting for a worker, and pool {pool} has none: `smearflow up`, or `prefect worker start --pool {pool}`"
        )
    return f"waiting for one of the {len(online)} workers of pool {pool}: {', '.join(online)}"
