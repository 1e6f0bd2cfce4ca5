"""prefect.yaml onto a server: the flows that run by a schedule, with the settings that they get."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from smearflow.errors import MissingPart
from smearflow.service.events import resource_of
from smearflow.service.prefect_server import Server, client_environment
from smearflow.settings import Settings
from smearflow.workspace import Workspace, write_text

CHECKOUT = Path(__file__).parents[2]
LIMIT = 120  # seconds; 3 on an idle machine
LAST_LINES = 12


def deploy(workspace: Workspace, settings: Settings, server: Server) -> list[str]:
    """Deploy every entry of prefect.yaml to ``server``; returns their names.

    Done at each `up`: the form that Prefect shows is that of the last deployment. Raises MissingPart with Prefect's
    own words where it refuses.
    """
    filled = filled_in(yaml.safe_load((CHECKOUT / "prefect.yaml").read_text()), workspace, settings)
    chosen = workspace.services / "prefect.yaml"
    write_text(chosen, yaml.safe_dump(filled, sort_keys=False, allow_unicode=True))
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(chosen)],
        cwd=CHECKOUT,  # what a worker changes into before it imports the flow
        env={**os.environ, **client_environment(workspace, server), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    names = [entry["name"] for entry in filled["deployments"]]
    if done.returncode or any(f"/{name}' successfully created" not in done.stdout for name in names):
        said = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
        raise MissingPart(f"prefect.yaml can't be deployed to {server.api_url}:\n{said}", "Mend what it says.")
    return names


def filled_in(entries: dict[str, Any], workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """prefect.yaml with pool, workspace and the whole settings in it: what a run's own leave out isn't merged in.

    A trigger minds this line of champions alone: a server may serve several workspaces.
    """
    parameters = {"settings": settings.model_dump(mode="json"), "workspace": str(workspace.root)}
    about = {"match": {"prefect.resource.id": resource_of(settings.registry.name)}}
    deployments = [
        {
            **entry,
            "work_pool": {"name": settings.live.pool},
            "parameters": parameters,
            **({"triggers": [{**each, **about} for each in entry["triggers"]]} if "triggers" in entry else {}),
        }
        for entry in entries["deployments"]
    ]
    return {**entries, "deployments": deployments}
