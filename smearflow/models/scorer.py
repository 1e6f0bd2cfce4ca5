"""Scoring images with a bundle: `python -m smearflow.models.scorer SPEC.json`, in a process of its own.

The flow's process never imports TensorFlow: the gate has the champion scored here. `predict` streams files.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.models.child import import_keras, say, watch_parent
from smearflow.models.pixels import decode_files
from smearflow.models.spec import ScoreSpec
from smearflow.registry.serving import BATCH, Classifier, load


@dataclass(frozen=True)
class Score:
    """What a classifier says of one file; where it is unreadable, ``error`` says why and the rest is None."""

    path: Path
    label: str | None
    probability: float | None  # of the positive class, 0-1
    decision: str | None
    error: str | None


def score_files(bundle: Path, paths: Iterable[Path]) -> Iterator[Score]:
    """One score a file, in order, a batch in memory at a time. Raises OSError where ``bundle`` is no bundle."""
    classifier = load(bundle)
    waiting = iter(paths)
    while batch := list(islice(waiting, BATCH)):
        yield from _score_batch(classifier, batch)


def score_rows(bundle: Path, rows: pd.DataFrame, root: Path) -> pd.DataFrame:
    """``rows`` (path below ``root``, ...) with the column probability, float64, null where unreadable."""
    files = [file_at(root, path) for path in rows["path"]]
    scores = pd.Series([s.probability for s in score_files(bundle, files)], index=rows.index, dtype="float64")
    return rows.assign(probability=scores)


def main(arguments: list[str]) -> int:
    """Score one set of the split as the spec says, into its Parquet file."""
    watch_parent()
    spec = ScoreSpec.model_validate_json(Path(arguments[0]).read_text(encoding="utf-8"))
    import_keras(spec.threads, seed=0)  # nothing is drawn
    rows = pd.read_parquet(spec.parts)
    wanted = rows[rows["split"] == spec.split].reset_index(drop=True)
    scored = score_rows(spec.bundle, wanted, spec.root)
    spec.out.parent.mkdir(parents=True, exist_ok=True)
    scored.to_parquet(spec.out, index=False)
    say(f"scored {len(scored):,} images, {int(scored['probability'].isna().sum())} of them unreadable")
    return 0


def _score_batch(classifier: Classifier, batch: list[Path]) -> list[Score]:
    decoded = decode_files(batch, classifier.input_size)
    probability, strange = np.full(len(batch), np.nan), np.zeros(len(batch), bool)
    readable = np.array([error is None for error in decoded.errors], dtype=bool)
    probability[readable], strange[readable] = classifier.judged(decoded.pixels)
    said = classifier.decided(probability, strange, pd.RangeIndex(len(batch)))
    return [
        Score(path, None, None, None, error) if error is not None else Score(path, label, float(p), decision, None)
        for path, error, (label, p, decision) in zip(
            batch, decoded.errors, said.itertuples(index=False, name=None), strict=True
        )
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
