"""What the report is made of: everything that a run found out, as far as it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from smearflow.evaluation.abstention import Abstention
from smearflow.evaluation.comparison import Comparison
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.shortcut import Shortcut
from smearflow.evaluation.slices import Slice
from smearflow.evaluation.verdict import GateCheck
from smearflow.settings import Settings
from smearflow.summary import Summary

Epoch = Mapping[str, float]  # epoch, loss, accuracy, val_loss, val_accuracy, val_auc


class CheckLine(Protocol):
    """One expectation of the data contract and what was found, as the contract hands it over.

    ``severity``: critical or warning; ``first``: paths of the first images that break it; ``settings``: keys that give
    its bound, none where it is fixed.
    """

    @property
    def suite(self) -> str: ...

    @property
    def expectation(self) -> str: ...

    @property
    def severity(self) -> str: ...

    @property
    def passed(self) -> bool: ...

    @property
    def observed(self) -> str: ...

    @property
    def bound(self) -> str: ...

    @property
    def why(self) -> str: ...

    @property
    def fix(self) -> str: ...

    @property
    def first(self) -> tuple[str, ...]: ...

    @property
    def settings(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Examination:
    """The candidate as it will serve: MiB of its file, ms an image on this machine's CPU, by how much a probability
    differs from the measured one once it is loaded again; where it looks, and what is unlike its training set.

    ``heat``: path, sha256, group, label, probability, kind (hit, cleared, missed or false_alarm), resolution (cells a
    side), share_inside (of the heat, 0-1), picture (a file in ``folder``; null where none was drawn), a row an image.
    ``novelty``: share of images called unlike the training set, 0-1, by what they are.
    """

    size_mb: float
    latency_ms: float
    parity: float
    heat: pd.DataFrame
    folder: Path
    novelty: Mapping[str, float]


@dataclass(frozen=True)
class HistoryLine:
    """A decision about the champion. ``when``: UTC, ISO 8601; ``decision``: promoted, kept, refused, rolled_back or
    restored; ``version``: the champion after it; ``model``: the candidate, or who was put back."""

    when: str
    decision: str
    model: str | None
    version: int | None
    run: str | None
    why: str
    forced: bool = False


@dataclass(frozen=True)
class Findings:
    """A run's findings. What it didn't reach is None or empty, and its section is left out.

    ``manifest``: every row in the manifest's contract, those left out too. ``root``: the folder that paths are below.
    ``pairs``: near-duplicates (duplicates.PAIRS).
    ``split``: path, sha256, label, group, split. ``sheet``: picture of originals and what augmentation makes of them;
    ``strips``: of each of its operators at several strengths, by setting.
    ``curves``: epochs by model. ``scores`` and ``gate``: what was measured, and held against floors and champion;
    ``shortcut``: what statistics of the images reach alone.
    ``candidate``: name of the model that was judged. ``mistakes``: its surest ones, the surest first: path, sha256,
    group, label, probability (0-1, of the positive class), kind (missed or false_alarm), confidence.
    ``label_scores``: how likely each label is wrong (label_scores.parquet), the worst first; ``opinions``: what readers
    said of labels (overlay.OPINIONS).
    ``slices``, ``abstention``: the candidate's, on parts of the test set, and where it may say unsure;
    ``comparison``: the candidate with ``rival``, who was champion before. ``examined``: as it will serve.
    ``history``: decisions about the champion, the first one first; ``openings``: how often a test set was opened for
    one, None where nobody counts.
    ``versions``: libraries; ``digests``: of data, split, code and so on.
    """

    summary: Summary
    settings: Settings
    manifest: pd.DataFrame | None = None
    root: Path | None = None
    checks: tuple[CheckLine, ...] = ()
    pairs: pd.DataFrame | None = None
    split: pd.DataFrame | None = None
    sheet: Path | None = None
    strips: Mapping[str, Path] = field(default_factory=dict)
    curves: Mapping[str, list[dict[str, float]]] = field(default_factory=dict)
    scores: tuple[Scores, ...] = ()
    shortcut: Shortcut | None = None
    gate: tuple[GateCheck, ...] = ()
    candidate: str | None = None
    mistakes: pd.DataFrame | None = None
    label_scores: pd.DataFrame | None = None
    opinions: pd.DataFrame | None = None
    slices: tuple[Slice, ...] = ()
    abstention: Abstention | None = None
    comparison: Comparison | None = None
    rival: str | None = None
    examined: Examination | None = None
    history: tuple[HistoryLine, ...] = ()
    openings: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> Scores | None:
        """The candidate's scores."""
        return next((s for s in self.scores if s.name == self.candidate), None)

    @property
    def patients_known(self) -> bool:
        """Whether groups are patients: not where every image stands for itself."""
        return self.settings.data.group == "pattern"
