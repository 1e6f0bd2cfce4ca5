"""Two versions of a registered model on the same images: the test set of the latest run whose split is left."""

import json

import pandas as pd

from smearflow.evaluation.comparison import Comparison, compare
from smearflow.origins import Origins, last_run
from smearflow.registry.asking import said_of_test
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.succession import Seat, settle
from smearflow.registry.versions import Version, version_numbered
from smearflow.settings import Settings
from smearflow.workspace import digest_of, file_digest


def compare_versions(seat: Seat, one: int, other: int, settings: Settings) -> tuple[Comparison, Origins]:
    """Version ``one`` minus ``other``, each at its own threshold, and the run whose test set they were asked on.

    Each is scored once for a split, in a process of its own. Raises UsageError for a version that isn't registered,
    MissingPart where no run's split or images are left, or a version's files are gone.
    """
    settle(seat)
    versions = [version_numbered(seat.uri, seat.name, number) for number in (one, other)]
    asked = last_run(seat.workspace)
    said = [_scores(seat, version, asked, settings.train.time_limit) for version in versions]
    thresholds = (versions[0].champion.threshold, versions[1].champion.threshold)
    how = settings.evaluation.bootstrap
    return compare(said[0], said[1], thresholds, _positive(seat, versions[0]), how), asked


def _scores(seat: Seat, version: Version, asked: Origins, limit: float) -> pd.DataFrame:
    """What the version says of the test images: path, sha256, label, group, split and calibrated probability."""
    bundle = fetch_bundle(seat.uri, version.champion, seat.workspace.champions)
    files = [file_digest(bundle / name) for name in ("model.keras", "model.json", "serving.py")]
    kept = seat.workspace.artifact("version-scores", digest_of(files, file_digest(asked.split)))
    name = f"version {version.number}"
    return said_of_test(bundle, asked.split, asked.root, kept, name, limit, lambda line: None)


def _positive(seat: Seat, version: Version) -> str:
    """The class whose probability the version says."""
    bundle = fetch_bundle(seat.uri, version.champion, seat.workspace.champions)
    facts = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    return str(facts["positive"])
