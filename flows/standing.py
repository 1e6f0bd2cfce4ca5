"""What runs where, and what the last run left: `smearflow status`."""

from dataclasses import asdict
from typing import Any

from smearflow.registry.champion import find_champion
from smearflow.registry.mlflow_store import registry_uri
from smearflow.service.prefect_server import server_status
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from smearflow.workspace import Workspace


def standing(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """``services{server{state, url, pid}}``, ``champion`` and ``last_run``, null where there is none."""
    champion = find_champion(registry_uri(settings.registry, workspace), settings.registry.name)
    last = _last_run(workspace)
    return {
        "workspace": str(workspace.root),
        "services": {"server": asdict(server_status(workspace))},
        "champion": asdict(champion) if champion else None,
        "last_run": {"run_id": last.run_id, "command": last.command, **last.verdict.model_dump()} if last else None,
    }


def standing_lines(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    server, champion, last = found["services"]["server"], found["champion"], found["last_run"]
    where = f" at {server['url']} (process {server['pid']})" if server["url"] else ""
    serving = (
        f"{champion['model']}, version {champion['version']} of {champion['registry_name']}" if champion else "none"
    )
    return [
        f"workspace {found['workspace']}",
        f"Prefect   {server['state']}{where}",
        f"champion  {serving}",
        f"last run  {last['command']} {last['run_id']}: {last['outcome']}" if last else "last run  none",
    ]


def _last_run(workspace: Workspace) -> Summary | None:
    path = workspace.latest / "summary.json"
    return read_summary(path) if path.exists() else None
