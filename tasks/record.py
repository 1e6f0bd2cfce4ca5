"""Record: the verdict as JSON, as a row of the history, on the page, and, where it is an alarm, as an event."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from prefect.artifacts import create_table_artifact
from prefect.events import emit_event

from smearflow.monitoring.history import append, history_of, is_judged, write_page
from smearflow.monitoring.result import CheckResult
from smearflow.service.page import shown_at
from smearflow.workspace import Workspace, write_text
from tasks.score import Scored
from tasks.stage import stage

ALARM = "smearflow.quality.alarm"
KEPT = ["path", "sha256", "label", "reason", "error", "probability"]  # of a cell, beside the result


@dataclass(frozen=True)
class Recorded:
    """Where the result and the page of all checks lie."""

    result: CheckResult
    path: Path
    page: Path


def says(recorded: Recorded) -> str:
    address = shown_at(recorded.page)
    link = f"**[All checks]({address})**\n\n" if address else ""
    return f"""# {recorded.result.verdict}, written down

{link}

| | |
|---|---|
| result | `{recorded.path}` |
| all checks | `{recorded.page}` |
"""


# Retried, because the disk may be full for a moment. The event goes out before the row that says the batch is judged:
# after a kill between the two it comes twice, rather than never.
@stage(says, cached=False, task_run_name="record {result.verdict}", retries=2, retry_delay_seconds=5)
def record(folder: Path, result: CheckResult, scored: Scored, workspace: Workspace) -> Recorded:
    """Write check.json and cells.parquet into ``folder``, tell of an alarm, then add the row, and write the page."""
    text = result.model_dump_json(indent=2) + "\n"
    pd.read_parquet(scored.path)[KEPT].to_parquet(folder / "cells.parquet", index=False)
    write_text(folder / "check.json", text)
    if result.verdict == "alarm":
        tell_alarm(result)
    if not is_judged(history_of(workspace), result.batch):  # by an earlier try
        append(history_of(workspace), result)
    write_text(workspace.checks / "latest.json", text)
    page = write_page(workspace)
    if result.checks:
        _table(result)
    return Recorded(result, folder / "check.json", page)


def tell_alarm(result: CheckResult) -> None:
    """The event that automations and webhooks wait for."""
    off = [check.model_dump(mode="json") for check in result.checks if check.verdict != "ok"]
    emit_event(
        ALARM,
        resource={
            "prefect.resource.id": f"smearflow.champion.{result.champion.registry_name}",
            "prefect.resource.name": result.champion.registry_name,
        },
        payload={"verdict": result.verdict, "batch": result.batch, "why": result.why, "checks": off},
    )


def _table(result: CheckResult) -> None:
    columns = ("name", "value", "threshold", "verdict", "reference")
    rows = [{name: _rounded(getattr(check, name)) for name in columns} for check in result.checks]
    create_table_artifact(key="quality-checks", table=rows, description=f"{result.verdict}: {result.why}")


def _rounded(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value
