"""What a Prefect server knows of runs and workers, and what it is told of runs whose process is gone."""

from typing import Any

from smearflow.service.prefect_api import NO_ANSWER, ask

OVER = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")  # types of states that a run doesn't leave
PAGE = 200  # runs an answer, the server's limit


def next_runs(api_url: str) -> list[dict[str, str | None]]:
    """What waits, and the next scheduled run of each deployment, by time: ``name, deployment, expected_start, state``.

    Raises one of NO_ANSWER.
    """
    deployments = {d["id"]: d["name"] for d in _filter(api_url, "deployments", {})}
    waiting = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "sort": "EXPECTED_START_TIME_ASC"}
    runs, seen = [], set()
    for run in _filter(api_url, "flow_runs", waiting):
        deployment = run["deployment_id"]
        if run["auto_scheduled"] and run["state"]["name"] == "Scheduled":
            if deployment in seen:
                continue
            seen.add(deployment)
        runs.append(
            {
                "name": run["name"],
                "deployment": deployments.get(deployment),
                "expected_start": run["expected_start_time"],
                "state": run["state"]["name"],
            }
        )
    return runs


def heartbeat(api_url: str, pool: str, worker: str) -> str | None:
    """When ``worker`` of ``pool`` was last heard of; None where it isn't online. Raises one of NO_ANSWER."""
    found = ask("POST", f"{api_url}/work_pools/{pool}/workers/filter", {}, allowed=404) or []
    return next((w["last_heartbeat_time"] for w in found if w["name"] == worker and w["status"] == "ONLINE"), None)


def workers_online(api_url: str, pool: str) -> list[str]:
    """Names of the workers of ``pool`` that were heard of lately. Raises one of NO_ANSWER."""
    found = ask("POST", f"{api_url}/work_pools/{pool}/workers/filter", {}, allowed=404) or []
    return [worker["name"] for worker in found if worker["status"] == "ONLINE"]


def automations_on(api_url: str, event: str) -> list[str]:
    """Names of the automations that are switched on and answer ``event``; none where the server doesn't say."""
    try:
        found = ask("POST", f"{api_url}/automations/filter", {})
        return [each["name"] for each in found if each["enabled"] and event in each["trigger"].get("expect", ())]
    except NO_ANSWER:
        return []


def cancel(api_url: str, flow_run_id: str) -> None:
    """Cancel a run: its worker ends its process; one that no worker has taken is over at once.

    One that is over stays as it is. Raises one of NO_ANSWER.
    """
    run = ask("GET", f"{api_url}/flow_runs/{flow_run_id}", allowed=404)
    if run is None or run["state_type"] in OVER:
        return
    state = "Cancelled" if run["state_type"] == "SCHEDULED" else "Cancelling"
    told = {"type": state.upper(), "name": state, "message": "The retraining that waited for it has ended."}
    ask("POST", f"{api_url}/flow_runs/{flow_run_id}/set_state", {"state": told})


def make_pool(api_url: str, pool: str) -> None:
    """Make a work pool for processes, unless there is one of that name. Its worker fills in the rest."""
    ask("POST", f"{api_url}/work_pools/", {"name": pool, "type": "process"}, allowed=409)


def pending(api_url: str, pool: str) -> list[str]:
    """Runs of ``pool`` that a worker has taken and that haven't begun. Raises one of NO_ANSWER."""
    asked = {
        "flow_runs": {"state": {"type": {"any_": ["PENDING"]}}},
        "work_pools": {"name": {"any_": [pool]}},
    }
    return [run["id"] for run in _filter(api_url, "flow_runs", asked)]


def mark_over(api_url: str, flow_run_id: str, message: str) -> bool:
    """Say that a run has ended with its process: Cancelled where that was asked for, else Crashed; its tasks too.

    False where the server says that it was over, or doesn't know it. Raises one of NO_ANSWER.
    """
    run = ask("GET", f"{api_url}/flow_runs/{flow_run_id}", allowed=404)
    if run is None or run["state_type"] in OVER:
        return False
    state = "Cancelled" if run["state_type"] == "CANCELLING" else "Crashed"
    told = {"type": state.upper(), "name": state, "message": message}
    ask("POST", f"{api_url}/flow_runs/{flow_run_id}/set_state", {"state": told})
    for task in _filter(api_url, "task_runs", {"flow_runs": {"id": {"any_": [flow_run_id]}}}):
        if task["state_type"] not in OVER:
            ask("POST", f"{api_url}/task_runs/{task['id']}/set_state", {"state": told, "force": True})
    return True


def _filter(api_url: str, what: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = ask("POST", f"{api_url}/{what}/filter", {**asked, "limit": PAGE, "offset": len(found)})
        found += page
        if len(page) < PAGE:
            return found
