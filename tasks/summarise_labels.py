"""Summarise what people decided about labels, what the labels are worth, and the models by both truths."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import ValidationError

from smearflow.data.manifest import LABEL_SOURCES, Manifest, read_manifest
from smearflow.data.overlay import ABSENT, AMBIGUOUS, Reviewed, matched
from smearflow.data.review_figures import LEAST, figures_of
from smearflow.data.review_queue import cells_of, order_of, views_of
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.label_worth import Worth, judged_labels, suspects_unseen, worth
from smearflow.settings import Labels
from smearflow.summary import LabelsResult, SinceBefore, TruthsOfModel, TruthsResult, read_summary
from tasks.evaluate import Evaluated
from tasks.score_labels import ScoredLabels
from tasks.stage import Run
from tasks.summarise_judged import figure_of, figures_on_test


def label_parts(run: Run, manifest: Manifest | None) -> dict[str, Any]:
    """The fields of the summary that tell of labels, as far as ``run`` came with ``manifest``."""
    return {"truths": _truths(run.reached.get("evaluate")), "labels": _labels(run, manifest)}


def _truths(evaluated: Evaluated | None) -> TruthsResult | None:
    """None where nobody looked at a label of the test set."""
    if evaluated is None or evaluated.review is None or not evaluated.review.reviewed:
        return None
    review = evaluated.review
    models = tuple(
        TruthsOfModel(name=s.name, given=figures_on_test(s.given), reviewed=figures_on_test(s.test))
        for s in evaluated.scores
    )
    return TruthsResult(images=review.images, reviewed=review.reviewed, changed=review.changed, models=models)


def _labels(run: Run, manifest: Manifest | None) -> LabelsResult | None:
    """None where nobody has decided anything and no model has judged a label."""
    reviewed: Reviewed | None = run.reached.get("read_labels")
    scored: ScoredLabels | None = run.reached.get("score_labels")
    if manifest is None or reviewed is None or not (reviewed.decisions or scored):
        return None
    said, cells = pd.read_parquet(reviewed.path), read_manifest(manifest.path)
    evaluated: Evaluated | None = run.reached.get("evaluate")
    counts = {name: manifest.labelled.get(name, 0) for name in LABEL_SOURCES if name != "given"}
    last = int(said["number"].max()) if len(said) else 0
    return LabelsResult(
        reviewed=sum(counts.values()),
        **counts,
        absent=int(matched(said, cells).isin([ABSENT, AMBIGUOUS]).sum()),
        decisions=reviewed.decisions,
        readers=len(reviewed.readers),
        last=last,
        head=reviewed.head,
        since=_since(run, said, counts),
        excluded_from_test=evaluated.review.excluded if evaluated and evaluated.review else None,
        **(_worth(run, scored, cells, said) if scored else {}),
    )


def _worth(run: Run, scored: ScoredLabels, cells: pd.DataFrame, said: pd.DataFrame) -> dict[str, Any]:
    """What the labels are held to be worth, by random cells where people looked at enough of them, else by models."""
    scores, parts = pd.read_parquet(scored.path), run.reached.get("split")
    table = judged_labels(scores, cells)
    random = _at_random(cells_of(scores, cells), said, run.settings.labels)
    found: Worth | None = worth(table, Interval(scored.estimated, scored.low, scored.high), random)
    told: dict[str, Any] = {"scored_by": scored.judges}
    if parts:
        divided = pd.read_parquet(parts.path, columns=["path", "split"])
        told["suspects_in_test"] = suspects_unseen(table, divided.loc[divided["split"] == "test", "path"])
    if found:
        shares = {name: figure_of(getattr(found, name)) for name in ("wrong", "ceiling", "left")}
        told |= {**shares, "by": found.by, "wrong_by_class": found.classes}
    return told


def _at_random(cells: pd.DataFrame, said: pd.DataFrame, labels: Labels) -> Interval | None:
    """The share of wrong labels among the random cells of a review; None while they are few."""
    sample = figures_of(cells, order_of(cells, labels.blind, labels.readers), views_of(said, cells), "").sample
    return Interval(sample.value, sample.low, sample.high) if sample.cells >= LEAST else None


def _since(run: Run, said: pd.DataFrame, counts: Mapping[str, int]) -> SinceBefore | None:
    """What is new since the run before, which may have known of no decision; None where there was none."""
    for folder in sorted(run.workspace.runs.glob("*/summary.json"), reverse=True):
        if folder.parent == run.folder:
            continue
        try:
            before = read_summary(folder)
        except (ValidationError, OSError):
            continue
        if before.status == "completed" and before.command == "run":
            known = before.labels
            return SinceBefore(
                run_id=before.run_id,
                decisions=int((said["number"] > (known.last if known else 0)).sum()),
                relabelled=counts["relabelled"] - (known.relabelled if known else 0),
                excluded=counts["excluded"] - (known.excluded if known else 0),
            )
    return None
