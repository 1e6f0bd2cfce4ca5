"""Two versions of a registered model on the same images: the test set of the latest run whose split is left."""

import json

import pandas as pd

from smearflow.errors import UsageError
from smearflow.evaluation.comparison import Comparison, compare
from smearflow.models.spec import ScoreSpec
from smearflow.models.training import run_module
from smearflow.origins import Origins, last_run
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.succession import Seat, settle
from smearflow.registry.versions import Version, registered_versions
from smearflow.settings import Settings
from smearflow.workspace import building, digest_of, file_digest, is_whole


def compare_versions(seat: Seat, one: int, other: int, settings: Settings) -> tuple[Comparison, Origins]:
    """Version ``one`` minus ``other``, each at its own threshold, and the run whose test set they were asked on.

    Each is scored once for a split, in a process of its own. Raises UsageError for a version that isn't registered,
    MissingPart where no run's split or images are left, or a version's files are gone.
    """
    settle(seat)
    versions = [_version(seat, number) for number in (one, other)]
    asked = last_run(seat.workspace)
    said = [_scores(seat, version, asked, settings.train.time_limit) for version in versions]
    thresholds = (versions[0].champion.threshold, versions[1].champion.threshold)
    how = settings.evaluation.bootstrap
    return compare(said[0], said[1], thresholds, _positive(seat, versions[0]), how), asked


def _version(seat: Seat, number: int) -> Version:
    versions = {version.number: version for version in registered_versions(seat.uri, seat.name)}
    if number not in versions:
        known = ", ".join(map(str, versions)) or "none"
        raise UsageError(
            f"There is no version {number} of {seat.name}.", f"Registered: {known}. See `smearflow models`."
        )
    return versions[number]


def _scores(seat: Seat, version: Version, asked: Origins, limit: float) -> pd.DataFrame:
    """What the version says of the test images: path, sha256, label, group, split and calibrated probability."""
    bundle = fetch_bundle(seat.uri, version.champion, seat.workspace.champions)
    files = [file_digest(bundle / name) for name in ("model.keras", "model.json", "serving.py")]
    target = seat.workspace.artifact("version-scores", digest_of(files, file_digest(asked.split)))
    if not is_whole(target):
        with building(target) as aside:
            out, told = aside / "scores.parquet", aside / "spec.json"
            spec = ScoreSpec(bundle=bundle, parts=asked.split, root=asked.root, split="test", out=out, threads=2)
            told.write_text(spec.model_dump_json(indent=1), encoding="utf-8")
            run_module("smearflow.models.scorer", told, f"version {version.number}", limit, lambda line: None)
    return pd.read_parquet(target / "scores.parquet")


def _positive(seat: Seat, version: Version) -> str:
    """The class whose probability the version says."""
    bundle = fetch_bundle(seat.uri, version.champion, seat.workspace.champions)
    facts = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    return str(facts["positive"])
