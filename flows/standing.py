"""What runs where, what comes next, and what was last: `smearflow status`."""

import json
import shutil
from dataclasses import asdict
from typing import Any

from smearflow.registry.succession import champion_now, seat_of
from smearflow.service.events import LABELS_ARRIVED
from smearflow.service.live import services
from smearflow.service.prefect_api import NO_ANSWER
from smearflow.service.prefect_runs import automations_on, next_runs
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from smearflow.workspace import Workspace

SHOWN = 6  # waiting runs that a person is told of


def standing(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """``services{server, worker, page: each {state, url, pid}}``, ``champion``, ``last_run``, ``last_check``,
    ``next_runs[{name, deployment, expected_start, state}]``, ``automations`` (names of those that start a run when
    labels have arrived) and ``disk_free_bytes``. Null where there is none; ``next_runs`` is null where the server
    doesn't say.
    """
    champion = champion_now(seat_of(settings.registry, workspace))
    last = _last_run(workspace)
    each = services(workspace)
    api_url = each["server"].url if each["server"].state == "running" else None
    return {
        "workspace": str(workspace.root),
        "services": {name: asdict(status) for name, status in each.items()},
        "champion": asdict(champion) if champion else None,
        "last_run": {"run_id": last.run_id, "command": last.command, **last.verdict.model_dump()} if last else None,
        "last_check": _last_check(workspace),
        "next_runs": _next_runs(api_url),
        "automations": automations_on(api_url, LABELS_ARRIVED) if api_url else [],
        "disk_free_bytes": shutil.disk_usage(workspace.root).free,
    }


def standing_lines(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    champion, last, check = found["champion"], found["last_run"], found["last_check"]
    serving = (
        f"{champion['model']}, version {champion['version']} of {champion['registry_name']}" if champion else "none"
    )
    return [
        f"workspace {found['workspace']}",
        *(_service_line(title, found["services"][name]) for name, title in TITLES.items()),
        f"champion  {serving}",
        f"last run  {last['command']} {last['run_id']}: {last['outcome']}" if last else "last run  none",
        f"checked   {check.get('when')}: {check.get('verdict')}" if check else "checked   never",
        *(_next_line(run) for run in (found["next_runs"] or [])[:SHOWN]),
        *(f"labels    a retraining begins when some have arrived ({name})" for name in found["automations"]),
        f"disk      {found['disk_free_bytes'] / 1e9:,.1f} GB free",
    ]


TITLES = {"server": "Prefect", "worker": "worker", "page": "reports"}


def _service_line(title: str, service: dict[str, Any]) -> str:
    pid = f" (process {service['pid']})" if service["pid"] else ""
    where = f" at {service['url']}{pid}" if service["url"] else ""
    return f"{title:<9} {service['state']}{where}"


def _next_line(run: dict[str, Any]) -> str:
    when = str(run["expected_start"])[:16].replace("T", " ")
    state = "" if run["state"] == "Scheduled" else f", {run['state']}"
    return f"next      {run['deployment'] or run['name']} at {when} UTC{state}"


def _next_runs(api_url: str | None) -> list[dict[str, str | None]] | None:
    try:
        return next_runs(api_url) if api_url else None
    except NO_ANSWER:
        return None


def _last_check(workspace: Workspace) -> dict[str, Any] | None:
    """What the last quality check left, or None."""
    try:
        found = json.loads((workspace.checks / "latest.json").read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _last_run(workspace: Workspace) -> Summary | None:
    """What the last run left, or None: also where it is damaged, or of another version."""
    try:
        return read_summary(workspace.latest / "summary.json")
    except (OSError, ValueError):
        return None
