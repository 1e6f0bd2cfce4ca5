"""What a review of labels needs: the cells as a run would take them, and how likely each label is wrong."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from prefect import flow

from flows.recording import new_id, note_process
from smearflow.data.overlay import Reviewed
from smearflow.data.sources import Source
from smearflow.models.plans import plan_models
from smearflow.models.training import end_all
from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.deduplicate import deduplicate, thumbnails_of
from tasks.ingest import ingest
from tasks.read_labels import read_labels
from tasks.scan import memory_of, scan
from tasks.score_labels import ScoredLabels, cells_to_judge, score_labels
from tasks.stage import Run
from tasks.workers import hired


@dataclass(frozen=True)
class ToReview:
    """``manifest``: parquet of the cells, whose paths are below ``root``; their scores; what was decided so far."""

    manifest: Path
    root: Path
    scores: ScoredLabels
    reviewed: Reviewed


@flow(name="label-review", flow_run_name="score the labels of {settings.data.title}", log_prints=True)
def label_review(settings: Settings = Settings(), workspace: Path = Path("workspace")) -> ToReview:  # noqa: B008
    """Score every label by models that never saw its patient. Nothing is trained for use.

    Args:
        settings: Everything that the run can be told.
        workspace: Folder that everything is kept in.
    """
    run = Run("review", settings, Workspace.at(workspace), new_id())
    note_process(run.workspace)
    try:
        with hired(run, settings) as crew:
            plans = plan_models(settings)
            source = ingest(run, run.workspace, settings.data)
            reviewed = read_labels(run, run.workspace)
            judged = None if has_labels(source) else reviewed  # labels as given: scores outlast a day's decisions
            scanned = scan(run, source, settings.data, settings.quality, memory_of(run), crew.measurers, judged)
            found = deduplicate(run, scanned, scanned.root, settings.duplicates, thumbnails_of(run)).manifest
            cells = cells_to_judge(found.path, found.root)
            how = (settings.data, settings.augment, settings.train, run.workspace)
            scores = score_labels(run, cells, plans, "full", *how)
        return ToReview(found.path, found.root, scores, reviewed)
    finally:
        end_all()


def has_labels(source: Source) -> bool:
    """Whether any image came with a label."""
    return bool(pd.read_parquet(source.listing, columns=["label"])["label"].notna().any())
