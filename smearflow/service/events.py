"""What a Prefect server is told of labels that arrived, so that an automation (prefect.yaml) can answer."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from smearflow.data.decisions import head_of, read_decisions
from smearflow.data.overlay import opinions
from smearflow.origins import FILE as ORIGINS
from smearflow.service.prefect_api import NO_ANSWER, ask
from smearflow.service.prefect_runs import automations_on
from smearflow.service.prefect_server import server_status
from smearflow.workspace import Workspace

LABELS_ARRIVED = "smearflow.labels.arrived"
RUN_TIME = "%Y%m%d-%H%M%S"  # what the name of a run begins with


def resource_of(registry_name: str) -> str:
    """What the event is about: the labels that a line of champions learns from."""
    return f"smearflow.labels.{registry_name}"


def labels_arrived(
    api_url: str, registry_name: str, head: str, decisions: int, readers: Sequence[str], why: str
) -> str | None:
    """Tell the server at ``api_url`` that labels arrived; None, or why it couldn't be told.

    ``head``: of the ledger of decisions, of which ``decisions`` count; ``readers``: who made them.
    """
    event = {
        "id": str(uuid.uuid4()),
        "event": LABELS_ARRIVED,
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": resource_of(registry_name), "prefect.resource.name": registry_name},
        "related": [],
        "payload": {"head": head, "decisions": decisions, "readers": list(readers), "why": why},
    }
    try:
        ask("POST", f"{api_url}/events", [event])
    except NO_ANSWER as error:
        return f"{type(error).__name__}: {error}"
    return None


def tell_of_labels(workspace: Workspace, registry_name: str, why: str) -> str:
    """Tell the workspace's server, if it runs, of labels that arrived. Returns the sentence that a person is told.

    Raises DataError where the ledger of decisions was changed by another hand.
    """
    server = server_status(workspace)
    if server.state != "running" or server.url is None:
        return "The next run learns from them: smearflow run. (Where `smearflow up` is at work, one starts by itself.)"
    entries = read_decisions(workspace.labels)
    said = opinions(entries)
    readers = sorted(set(said["reader"]))
    problem = labels_arrived(server.url, registry_name, head_of(entries), len(said), readers, why)
    if problem:
        return f"The next run learns from them. The Prefect server at {server.url} couldn't be told: {problem}"
    if not automations_on(server.url, LABELS_ARRIVED):
        return "The next run learns from them: smearflow run. (`smearflow up` would have one start by itself.)"
    return "A retraining learns from them: within seconds, or, soon after another one, with the next daily check."


def unlearned(workspace: Workspace) -> bool:
    """Whether decisions were made since the last run that trained had begun: nobody has learned from them.

    Their event may have met a run under way, or the time in which no second run is started.
    """
    entries = read_decisions(workspace.labels)
    if not entries:
        return False
    trained = max((file.parent.name for file in workspace.runs.glob(f"*/{ORIGINS}")), default=None)
    return trained is None or datetime.fromisoformat(entries[-1].decision.time) >= _begun(trained)


def _begun(run_id: str) -> datetime:
    return datetime.strptime("-".join(run_id.split("-")[:2]), RUN_TIME).replace(tzinfo=UTC)
