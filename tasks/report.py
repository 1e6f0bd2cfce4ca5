"""Report: one HTML file that says what the run found."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from smearflow.data.manifest import Manifest, read_manifest
from smearflow.data.splitting import Parts
from smearflow.registry.promotions import Entry
from smearflow.report.findings import Examination, Findings, HistoryLine
from smearflow.report.page import render
from smearflow.service.page import shown_at
from smearflow.workspace import write_text
from tasks.examine import Examined
from tasks.made_of import digests_of
from tasks.stage import Run, stage
from tasks.summarise import manifest_reached, summarise
from tasks.summarise_judged import rival_of

SHOWN = ("smearflow", "prefect", "tensorflow", "keras", "great-expectations", "mlflow", "pandas", "numpy", "pillow")


def says(page: Path) -> str:
    address = shown_at(page)
    link = f"**[Open the report]({address})**, or from disk" if address else "Open it from disk"
    return f"""# The report is written

{link}: `{page}`. It is one file, and asks the network for nothing.
"""


# Retried once: it only reads what is there, and a full disk may have been emptied.
@stage(says, cached=False, task_run_name="report", retries=1, retry_delay_seconds=5)
def report(folder: Path, run: Run) -> Path:
    """Gather what the run has reached, and write report.html beside its summary."""
    return write_report(folder, run)


def write_report(folder: Path, run: Run, error: BaseException | None = None) -> Path:
    """The report of what ``run`` has reached, and of the ``error`` with which it ended."""
    page = folder / "report.html"
    write_text(page, render(findings_of(run, error)))
    return page


def findings_of(run: Run, error: BaseException | None) -> Findings:
    """What ``run`` has reached so far, as the report takes it."""
    reached = run.reached
    manifest, compared = manifest_reached(reached), reached.get("deduplicate")
    parts, evaluated, gated = (reached.get(name) for name in ("split", "evaluate", "gate"))
    candidate = gated.verdict.candidate if gated else None
    return Findings(
        summary=summarise(run, error),
        settings=run.settings,
        manifest=read_manifest(manifest.path) if manifest else None,
        root=manifest.root if manifest else None,
        checks=reached["validate"].contract.checks if "validate" in reached else (),
        pairs=pd.read_parquet(compared.pairs) if compared else None,
        split=pd.read_parquet(parts.path) if parts else None,
        sheet=reached["augment"].sheet if "augment" in reached else None,
        strips=reached["augment"].strips if "augment" in reached else {},
        curves={a.plan.label: _curves(a.trained.folder) for a in reached.get("train", ()) if a.trained},
        scores=evaluated.scores if evaluated else (),
        shortcut=evaluated.shortcut if evaluated else None,
        gate=gated.verdict.checks if gated else (),
        candidate=candidate,
        label_scores=pd.read_parquet(reached["score_labels"].path) if "score_labels" in reached else None,
        opinions=pd.read_parquet(reached["read_labels"].path) if "read_labels" in reached else None,
        slices=evaluated.slices if evaluated else (),
        abstention=evaluated.abstention if evaluated else None,
        comparison=gated.comparison if gated else None,
        rival=rival_of(gated) if gated else None,
        mistakes=evaluated.mistakes(candidate) if evaluated and candidate else None,
        examined=_examination(reached["examine"]) if "examine" in reached else None,
        history=_history(reached["register"].decisions) if "register" in reached else (),
        openings=reached["register"].test_openings if "register" in reached else None,
        versions={name: version(name) for name in SHOWN},
        digests=_digests(reached, manifest, parts) if manifest and parts else {},
    )


def _digests(reached: Mapping[str, Any], manifest: Manifest, parts: Parts) -> dict[str, str]:
    return digests_of(manifest, parts, reached.get("settle"), reached.get("read_labels"))


def _examination(found: Examined) -> Examination:
    heat = pd.read_parquet(found.heat)
    return Examination(found.size_mb, found.latency_ms, found.parity, heat, found.folder, found.novelty)


def _history(decisions: Sequence[Entry]) -> tuple[HistoryLine, ...]:
    """The promotion ledger's decisions, as the report tells them."""
    each = ((entry.when, entry.decision) for entry in decisions)
    return tuple(HistoryLine(when, d.decision, d.model, d.version, d.run, d.why, d.forced) for when, d in each)


def _curves(folder: Path) -> list[dict[str, float]]:
    curves: list[dict[str, float]] = json.loads((folder / "curves.json").read_text())
    return curves
