"""Gate: may the best model of this run become champion?"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.splitting import Parts
from smearflow.evaluation.comparison import Comparison, compare
from smearflow.evaluation.gate import decide
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.verdict import Evidence, GateCheck, Incumbent, Verdict
from smearflow.registry.asking import said_of_test
from smearflow.registry.champion import Champion, fetch_bundle
from smearflow.registry.mlflow_store import registry_uri
from smearflow.registry.succession import champion_now, seat_of
from smearflow.settings import Settings
from smearflow.workspace import Workspace, digest_of
from tasks.evaluate import Evaluated
from tasks.examine import Examined
from tasks.stage import stage

WORDS = {"promote": "Promoted", "keep": "The champion stays", "none": "Not good enough"}
STATES = {"pass": "yes", "fail": "NO", "open": "not enough evidence"}


@dataclass(frozen=True)
class Gated:
    """The verdict, the champion that it was reached against, and how the two compare on the same images."""

    verdict: Verdict
    champion: Champion | None
    comparison: Comparison | None = None


def says(gated: Gated) -> str:
    verdict = gated.verdict
    rows = "".join(f"| {c.name} | {_bound(c)} | {c.says} | {STATES[c.state]} |\n" for c in verdict.checks)
    return f"""# {WORDS[verdict.outcome]}: {verdict.candidate}

{verdict.why}

**Next:** {verdict.next}

| rule | bound | measured, with 95 % interval | held |
|---|---|---|---|
{rows}"""


def _bound(check: GateCheck) -> str:
    return f"{'at most' if check.ceiling else 'at least'} {check.bound:g}"


# Retried, because the registry may be on another machine.
@stage(says, cached=False, task_run_name="gate", retries=2, retry_delay_seconds=10)
def gate(
    folder: Path, evaluated: Evaluated, examined: Examined, parts: Parts, settings: Settings, workspace: Workspace
) -> Gated:
    """Hold the candidate against the rules, then against the champion on the same test images."""
    champion = champion_now(seat_of(settings.registry, workspace))
    best = evaluated.judged
    comparison = None
    if champion and champion.weights_digest != best.weights_digest:
        theirs = _champion_scores(champion, parts, settings, workspace)
        ours = pd.read_parquet(evaluated.predictions(best.name))
        thresholds = (best.threshold, champion.threshold)
        comparison = compare(ours, theirs, thresholds, settings.data.positive, settings.evaluation.bootstrap)
    incumbent = (
        Incumbent(champion.model, str(champion.version), champion.weights_digest, comparison) if champion else None
    )
    verdict = decide(best, evidence_on(evaluated, examined), incumbent, settings.gate, settings.data)
    return Gated(verdict, champion, comparison)


def evidence_on(evaluated: Evaluated, examined: Examined) -> Evidence:
    """What the run found out about the candidate beside its scores."""
    return Evidence(
        lead=evaluated.shortcut.leads[evaluated.candidate] if evaluated.shortcut else None,
        gaps={
            f"{figure} on {part.name}": Interval(gap.value, gap.low, at_most)
            for part in evaluated.slices
            for figure, (gap, at_most) in part.looked_at.items()
        },
        size_mb=examined.size_mb,
        latency_ms=examined.latency_ms,
        parity=examined.parity,
        review=evaluated.review,
    )


def _champion_scores(champion: Champion, parts: Parts, settings: Settings, workspace: Workspace) -> pd.DataFrame:
    """What the champion says of the test images: computed once for each champion and split."""
    which = (champion.registry_name, champion.version, champion.weights_digest)
    kept = workspace.artifact("champion-scores", digest_of(*which, parts.digest))
    bundle = fetch_bundle(registry_uri(settings.registry, workspace), champion, workspace.champions)
    limit = settings.train.time_limit
    return said_of_test(bundle, parts.path, parts.root, kept, f"champion {champion.model}", limit, print)
