"""Gate: may the best model of this run become champion?"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts
from smearflow.evaluation.gate import choose, decide
from smearflow.evaluation.scoring import Scores, compare
from smearflow.evaluation.verdict import Incumbent, Verdict
from smearflow.models.spec import ScoreSpec, Trained
from smearflow.models.training import run_module
from smearflow.registry.champion import Champion, fetch_bundle
from smearflow.registry.mlflow_store import registry_uri
from smearflow.registry.succession import champion_now, seat_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.evaluate import Evaluated
from tasks.stage import stage

WORDS = {"promote": "Promoted", "keep": "The champion stays", "none": "Not good enough"}


@dataclass(frozen=True)
class Gated:
    """The verdict, and the champion that it was reached against."""

    verdict: Verdict
    champion: Champion | None


def says(gated: Gated) -> str:
    verdict = gated.verdict
    rows = "".join(
        f"| {c.name} | {c.floor:.3f} | {c.value:.3f} ({c.low:.3f} to {c.high:.3f}) | {'yes' if c.passed else 'NO'} |\n"
        for c in verdict.checks
    )
    return f"""# {WORDS[verdict.outcome]}: {verdict.candidate}

{verdict.why}

**Next:** {verdict.next}

| | must reach | measured, with 95 % interval | reached |
|---|---|---|---|
{rows}"""


# Retried, because the registry may be on another machine.
@stage(says, cached=False, task_run_name="gate", retries=2, retry_delay_seconds=10)
def gate(
    folder: Path,
    evaluated: Evaluated,
    models: dict[str, Trained],
    parts: Parts,
    settings: Settings,
    workspace: Workspace,
) -> Gated:
    """Take the model that is best on validation; hold it against the floors, then against the champion.

    A control (random frozen layers) is a candidate only where there is nothing else.
    """
    champion = champion_now(seat_of(settings.registry, workspace))
    candidates = tuple(s for s in evaluated.scores if not models[s.name].control) or evaluated.scores
    best = choose(candidates)
    incumbent = None
    if champion:
        other = Incumbent(champion.model, str(champion.version), champion.weights_digest)
        same = champion.weights_digest == best.weights_digest
        incumbent = other if same else _compared(other, champion, best, models[best.name], parts, settings, workspace)
    return Gated(decide(candidates, incumbent, settings.gate, settings.data), champion)


def _compared(
    incumbent: Incumbent,
    champion: Champion,
    best: Scores,
    model: Trained,
    parts: Parts,
    settings: Settings,
    workspace: Workspace,
) -> Incumbent:
    """The champion with the candidate's lead over it on this run's test images."""
    theirs = _champion_scores(champion, parts, settings, workspace)
    ours = pd.read_parquet(model.folder / "predictions.parquet")
    thresholds = (best.threshold, champion.threshold)
    lead = compare(ours, theirs, thresholds, settings.data.positive, settings.evaluation.bootstrap)
    return Incumbent(incumbent.model, incumbent.version, incumbent.weights_digest, lead)


def _champion_scores(champion: Champion, parts: Parts, settings: Settings, workspace: Workspace) -> pd.DataFrame:
    """What the champion says of the test images: computed once for each champion and split."""
    target = workspace.artifact("champion-scores", digest_of(champion.weights_digest, parts.digest))
    if not is_whole(target):
        uri = registry_uri(settings.registry, workspace)
        bundle = fetch_bundle(uri, champion, workspace.champions)
        with building(target) as aside:
            out = aside / "scores.parquet"
            spec = ScoreSpec(bundle=bundle, parts=parts.path, root=parts.root, split="test", out=out, threads=2)
            told = aside / "spec.json"
            told.write_text(spec.model_dump_json(indent=1))
            run_module("smearflow.models.scorer", told, f"champion {champion.model}", settings.train.time_limit, print)
    return pd.read_parquet(target / "scores.parquet")
