"""Put away: move a judged batch from the drop folder to the archive."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.monitoring.batches import Batch
from smearflow.monitoring.batches import put_away as move_all
from tasks.stage import stage


@dataclass(frozen=True)
class Archived:
    """How many files went to which archive; ``labelled``: cells of the batch that can be trained on."""

    archive: Path
    files: int
    labelled: int


def says(archived: Archived) -> str:
    return f"# {archived.files:,} files archived\n\nIn `{archived.archive}`: labelled, unlabelled and left out."


# Retried, because the archive may be on a network share.
@stage(says, cached=False, task_run_name="put away {batch.name}", retries=2, retry_delay_seconds=5)
def put_away(folder: Path, batch: Batch, archive: Path) -> Archived:
    """Move what cells.parquet in ``folder`` lists: labelled cells by class, others apart."""
    cells = pd.read_parquet(folder / "cells.parquet")
    labelled = int((cells["label"].notna() & cells["reason"].isna()).sum())
    return Archived(archive, move_all(batch, cells, archive), labelled)
