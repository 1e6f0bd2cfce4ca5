"""Register: make a promoted candidate a version, and the champion."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from smearflow.data.manifest import Manifest
from smearflow.data.splitting import Parts
from smearflow.models.bundles import at_threshold
from smearflow.models.spec import Trained
from smearflow.monitoring.reference import add_reference
from smearflow.provenance import code_digest, lock_digest
from smearflow.registry.champion import Champion, fetch_bundle
from smearflow.registry.mlflow_store import registry_uri
from smearflow.registry.registering import Facts
from smearflow.registry.registering import register as register_version
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.evaluate import Evaluated
from tasks.gate import Gated
from tasks.settle import Settled
from tasks.stage import stage


@dataclass(frozen=True)
class Registered:
    """The champion after the run, if there is one, and whether this run made it."""

    champion: Champion | None
    bundle: Path | None
    promoted: bool


def says(registered: Registered) -> str:
    champion = registered.champion
    if champion is None:
        return "# Nothing is registered\n\nThere is no champion."
    news = "is the new champion" if registered.promoted else "stays champion; no version was registered"
    return f"""# {champion.model}, version {champion.version}, {news}

| | |
|---|---|
| load it with | `mlflow.pyfunc.load_model("{champion.uri}")` |
| files | `{registered.bundle}` |
| threshold | {champion.threshold:.4f} |
| weights | `{champion.weights_digest[:12]}` |
| provisional | {champion.provisional} |
"""


# Retried, because the registry may be on another machine. The alias moves last: a try that fails changes nothing.
@stage(says, cached=False, task_run_name="register", retries=2, retry_delay_seconds=10)
def register(
    folder: Path,
    gated: Gated,
    evaluated: Evaluated,
    models: dict[str, Trained],
    manifest: Manifest,
    parts: Parts,
    settled: Settled | None,
    settings: Settings,
    workspace: Workspace,
) -> Registered:
    """Log the candidate's run and model to MLflow, if the gate promoted it; else leave the champion as it is."""
    uri = registry_uri(settings.registry, workspace)
    promoted = gated.verdict.outcome == "promote"
    champion = gated.champion
    if promoted:
        name = str(gated.verdict.candidate)
        model, scores = models[name], evaluated.by_name[name]
        facts = Facts(
            run_id=folder.name,
            weights_digest=model.weights_digest,
            provisional=gated.verdict.provisional,
            settings=settings.model_dump(mode="json"),
            test=scores.test,
            curves=json.loads((model.folder / "curves.json").read_text()),
            digests=digests_of(manifest, parts, settled),
        )
        champion = _promote(uri, facts, model, scores.threshold, manifest, settings, workspace)
    bundle = fetch_bundle(uri, champion, workspace.champions) if champion else None
    return Registered(champion, bundle, promoted)


def digests_of(manifest: Manifest, parts: Parts, settled: Settled | None) -> dict[str, str]:
    """What a model was made from: data, split, the ledger of patients where there is one, code and locked libraries."""
    code = code_digest("flows.retraining", "smearflow.models.trainer")
    ledger = {"ledger": settled.head} if settled else {}
    return {"data": manifest.digest, "split": parts.digest, **ledger, "code": code, "lock": lock_digest()}


def _promote(
    uri: str,
    facts: Facts,
    model: Trained,
    threshold: float,
    manifest: Manifest,
    settings: Settings,
    workspace: Workspace,
) -> Champion:
    """Register the model, deciding at ``threshold``, with the cells that new ones will be compared with."""
    files = None if settings.registry.uri else workspace.registry_files
    with tempfile.TemporaryDirectory() as aside:
        bundle = at_threshold(model.folder / "bundle", threshold, Path(aside) / "bundle")
        add_reference(bundle, manifest.path, model.folder / "predictions.parquet")
        return register_version(bundle, facts, uri, files, settings.registry.name)
