"""What a Prefect server is told of labels that arrived, so that an automation (prefect.yaml) can answer."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from smearflow.data.decisions import head_of, read_decisions
from smearflow.data.overlay import opinions
from smearflow.errors import DataError, UsageError
from smearflow.origins import FILE, origins_of
from smearflow.service.prefect_api import NO_ANSWER, ask
from smearflow.service.prefect_runs import automations_on
from smearflow.service.prefect_server import server_status
from smearflow.workspace import Workspace

LABELS_ARRIVED = "smearflow.labels.arrived"


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
    """Whether the last run that trained knew other decisions than there are: nobody has learned from the new ones.

    Their event may have met a run under way, or the time in which no second run is started.
    """
    entries = read_decisions(workspace.labels)
    return (head_of(entries) if len(opinions(entries)) else None) != _learned(workspace)


def tell_again(workspace: Workspace, registry_name: str) -> str | None:
    """Tell of decisions that nobody has learned from yet. What a person is told; None where there are none.

    A ledger that was changed by another hand is told of, too: whoever reminds has other work to do.
    """
    try:
        if not unlearned(workspace):
            return None
        return tell_of_labels(workspace, registry_name, "decisions since the last training")
    except DataError as error:
        return str(error)


def _learned(workspace: Workspace) -> str | None:
    """The head of the decisions that the last run that trained went by; None where it knew of none."""
    trained = max((file.parent.name for file in workspace.runs.glob(f"*/{FILE}")), default=None)
    try:
        return origins_of(workspace, trained).digests.get("decisions") if trained else None
    except UsageError:  # another version's
        return None
