"""What tests deployed to a Prefect server, taken away again."""

from smearflow.service.prefect_api import ask
from smearflow.service.prefect_server import Server


def clear(server: Server) -> None:
    """Remove every deployment and automation: of a deployment that goes, the automation stays."""
    for kind in ("deployments", "automations"):
        for found in ask("POST", f"{server.api_url}/{kind}/filter", {}):
            ask("DELETE", f"{server.api_url}/{kind}/{found['id']}")
