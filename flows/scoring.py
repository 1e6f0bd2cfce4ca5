"""Scoring images with the champion, line by line: `smearflow predict`."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.console import hush_libraries
from smearflow.data.sources import EXTENSIONS
from smearflow.errors import UsageError
from smearflow.models.scorer import Score, score_files
from smearflow.registry.succession import seat_of, serving_champion
from smearflow.settings import Settings
from smearflow.workspace import Workspace

COLUMNS = ("path", "label", "probability", "decision", "error")


def score_lines(paths: Iterable[str], settings: Settings, workspace: Workspace, *, as_json: bool) -> Iterator[str]:
    """CSV with a header, or JSON, a line an image. Raises UsageError for a path that isn't there."""
    files = [file for path in paths for file in images_at(Path(path))]
    _, bundle = serving_champion(seat_of(settings.registry, workspace))
    hush_libraries()
    if not as_json:
        yield _csv(COLUMNS)
    for score in score_files(bundle, files):
        yield json.dumps(_row(score)) if as_json else _csv(_row(score).values())


def images_at(path: Path) -> list[Path]:
    """``path`` itself, or, of a folder, every image below it in order of names. Links to folders aren't followed."""
    if path.is_dir():
        below = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        return sorted(file for file in below if file.suffix.lower() in EXTENSIONS and not file.name.startswith("."))
    if not path.exists():
        raise UsageError(f"There is no {path}.", "Name image files, or folders of them.")
    return [path]


def _row(score: Score) -> dict[str, str | float | None]:
    probability = None if score.probability is None else round(score.probability, 6)
    return dict(zip(COLUMNS, (str(score.path), score.label, probability, score.decision, score.error), strict=True))


def _csv(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
