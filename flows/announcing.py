"""What others hear of a run once it has ended: tags on it in Prefect's list, and a call of the webhook."""

import contextlib
from collections.abc import Iterator, Mapping

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from smearflow.errors import SmearflowError
from smearflow.monitoring.result import CheckResult
from smearflow.service.webhook import Event, tell
from smearflow.settings import Notify
from smearflow.summary import Outcome, Summary

EVENTS: Mapping[Outcome, Event] = {"failed": "run.failed", "promoted": "run.promoted"}


def announce(summary: Summary, notify: Notify) -> None:
    """Tag the flow run with what came out; tell the webhook of a failure and of a promotion."""
    verdict, champion = summary.verdict, summary.champion
    promoted = champion.model if champion and verdict.outcome == "promoted" else None
    tag(verdict.outcome, *([promoted] if promoted else []))
    if verdict.outcome in EVENTS:
        facts = {"run_id": summary.run_id, "command": summary.command, "report": summary.paths.report}
        version = f"{champion.registry_name} {champion.version}" if champion and promoted else None
        problem = tell(
            notify, EVENTS[verdict.outcome], verdict.why, next=verdict.next, model=promoted, version=version, **facts
        )
        if problem:
            print(f"notify.webhook was not told: {problem}")


def announce_check(result: CheckResult, notify: Notify) -> None:
    """Tag the flow run with the verdict of a quality check; tell the webhook of an alarm."""
    tag(result.verdict)
    if result.verdict == "alarm":
        off = [check.name for check in result.checks if check.verdict != "ok"]
        facts = {"batch": result.batch, "cells": result.cells, "patients": result.patients, "champion": result.champion}
        problem = tell(notify, "quality.alarm", result.why, next=result.next, checks=off, **facts)
        if problem:
            print(f"notify.webhook was not told: {problem}")


@contextlib.contextmanager
def failure_told(command: str, notify: Notify) -> Iterator[None]:
    """Tell the webhook of whatever ends the body; it goes on being raised."""
    try:
        yield
    except BaseException as error:
        tag("failed")
        what, fix = (error.what, error.fix) if isinstance(error, SmearflowError) else (str(error), "")
        problem = tell(notify, "run.failed", what or type(error).__name__, command=command, next=fix)
        if problem:
            print(f"notify.webhook was not told: {problem}")
        raise


def tag(*tags: str) -> None:
    """Add ``tags`` to the flow run under way. A server that doesn't answer any more mustn't change how it ends."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    known = context.flow_run.tags
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(context.flow_run.id, tags=[*known, *(t for t in tags if t not in known)])
    except Exception as error:  # httpx's and Prefect's: whatever it is, the run's own result stands
        print(f"the run could not be tagged: {error}")
