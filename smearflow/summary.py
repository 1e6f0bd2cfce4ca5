"""summary.json: the public result of a run. What wasn't reached is null; paths are absolute."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from smearflow.workspace import write_text

SCHEMA_VERSION = 1

Outcome = Literal["promoted", "kept", "none", "failed"]
StageState = Literal["completed", "cached", "failed", "skipped"]


class Part(BaseModel):
    """A part of the summary."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Verdict(Part):
    """What came out, why, and what to do next.

    ``candidate``: the model that was judged; ``undecided``: there was too little evidence to replace the champion, and
    ``more_patients`` in the test set would about decide it.
    """

    outcome: Outcome
    why: str
    next: str
    candidate: str | None = None
    undecided: bool = False
    more_patients: int | None = None


class Dataset(Part):
    """``images + quarantined + review + ignored`` are all regular files; ``links`` come on top.

    ``nested`` of the ignored are copies of images in a tree that lies inside itself.
    """

    digest: str
    images: int
    classes: Mapping[str, int]
    groups: int
    quarantined: int
    review: int
    ignored: int
    nested: int = 0
    links: int


class ExpectationResult(Part):
    """One line of the data contract: what is asked, by which settings, and what was found.

    ``unexpected``: rows (images, or classes) that don't comply.
    """

    suite: str
    expectation: str
    severity: Literal["critical", "warning"]
    passed: bool
    bound: str
    observed: str
    unexpected: int
    settings: tuple[str, ...]


class Validation(Part):
    """What the data contract found: names of the critical expectations that failed, sentences of warning, all lines."""

    passed: bool
    critical_failed: tuple[str, ...]
    warnings: tuple[str, ...]
    checks: tuple[ExpectationResult, ...] = ()


class ComparedWay(Part):
    """A way to learn in spite of wrong labels, compared on training patients that its networks never saw."""

    way: str  # as in labels.robust
    accuracy: float  # on images whose labels hold
    gain: float  # accuracy more than without any way
    low: float  # 95 % interval of the gain, by patient
    high: float
    chosen: bool


class Doubts(Part):
    """How networks learnt in spite of wrong labels: the ``way``, as in labels.robust, and ``why_not`` as was asked.

    ``left_out``: training images that were left out because their labels are in doubt, of each class; ``judges``: who
    judged labels; ``compared``: the ways, where the best was to be found.
    """

    left_out: dict[str, int] = {}
    judges: tuple[str, ...] = ()
    why_not: str | None = None
    way: str = "drop_suspects"
    compared: tuple[ComparedWay, ...] = ()


class SplitCounts(Part):
    """Images in each set. Groups, and images with their copies, in more than one: 0, unless it is by image.

    ``left_out``: copies of images in another set, whose patients keep theirs. ``ledger``: the file that keeps them
    there; ``added``: groups that this run wrote into it; ``champion_apart``: whether the champion that was there before
    was trained under that ledger, so that it has met none of today's test groups; ``leakage``: what a random split
    would have shown; ``doubts``: which training images were left out again.
    """

    by: str
    seed: int
    train: int
    val: int
    test: int
    shared_groups: int
    shared_duplicates: int = 0
    left_out: int = 0
    ledger: Path | None = None
    added: int | None = None
    champion_apart: bool | None = None
    leakage: "Leakage | None" = None
    doubts: Doubts | None = None


class Figure(Part):
    """A metric, 0-1, with its 95 % interval by patient bootstrap; null where there was nothing to measure."""

    value: float | None
    low: float | None
    high: float | None


class TestFigures(Part):
    """On the untouched test set, of calibrated probabilities, at the operating threshold.

    ``mcc`` is -1 to 1; of ``brier`` and ``ece`` (calibration error) less is better; ``patient_accuracy`` is the mean
    over patients of the share that is called right. Null in summaries of before these were measured.
    """

    accuracy: Figure
    sensitivity: Figure
    specificity: Figure
    auc: Figure
    balanced_accuracy: Figure | None = None
    precision: Figure | None = None
    f1: Figure | None = None
    mcc: Figure | None = None
    pr_auc: Figure | None = None
    brier: Figure | None = None
    ece: Figure | None = None
    patient_accuracy: Figure | None = None


class GateRule(Part):
    """One rule of the gate: what was found and whether it holds; ``open``: there is too little evidence to tell.

    ``bound``: the least that ``value`` must be, or the most where ``ceiling``.
    """

    name: str
    state: Literal["pass", "fail", "open"]
    says: str
    value: float | None
    low: float | None
    high: float | None
    bound: float
    ceiling: bool
    unit: str


class ComparisonResult(Part):
    """Candidate less champion on the same test images; ``chance``: McNemar's, of images that one alone calls right."""

    champion: str
    difference: Mapping[str, Figure]
    only_candidate: int
    only_champion: int
    chance: float
    images: int
    groups: int


class SliceResult(Part):
    """The candidate on a part of the test set: a patient, who has no name here, or a part by what was measured.

    ``gap``, ``sensitivity_gap``: accuracy and sensitivity less those of the whole, -1 to 1; figures are null where
    there are too few images. ``surely_below``: one of the two is, and not by chance.
    """

    kind: str
    name: str
    images: int
    positives: int
    groups: int
    accuracy: Figure | None
    sensitivity: Figure | None
    specificity: Figure | None
    gap: Figure | None
    sensitivity_gap: Figure | None
    surely_below: bool


class AbstentionResult(Part):
    """Probabilities from ``low`` to below ``high`` are unsure: the share of such test cells, and how many answers are
    wrong among the others, among them, and among all; each 0-1."""

    low: float
    high: float
    share: Figure
    outside: Figure
    inside: Figure
    everywhere: Figure


class TruthsOfModel(Part):
    """One model on the test set: by the labels as given, of cells that came with one, and as people reviewed them."""

    name: str
    given: TestFigures
    reviewed: TestFigures


class TruthsResult(Part):
    """Both truths, where people looked at labels of the test set: at ``reviewed`` of its ``images``; ``changed``: those
    of them whose label isn't the given one any more."""

    images: int
    reviewed: int
    changed: int
    models: tuple[TruthsOfModel, ...]


class SinceBefore(Part):
    """What came since the run before: ``decisions``, and by how many more cells are relabelled and excluded."""

    run_id: str
    decisions: int
    relabelled: int
    excluded: int


class LabelsResult(Part):
    """What people decided about labels, in cells of the data, and what the labels are held to be worth, in shares, 0-1.

    ``reviewed``: looked at by somebody; of these ``kept`` to ``disputed``; ``absent``: decisions about cells that are
    not in the data, or that a name doesn't single out; ``last``: number of the last decision; ``head``: where their
    ledger ended. ``excluded_from_test``: cells of test patients that are excluded. ``wrong``: estimated share of the
    labels as given that is wrong, ``by`` cells looked at at random, or models' scores; ``ceiling``: accuracy that a
    perfect reader reaches, judged by these; ``wrong_by_class``; ``left``: share that is still wrong as they count now.
    ``suspects_in_test``: test cells whose label is more likely wrong than not and that nobody looked at: the figures
    count them. ``scored_by``: the models that judged labels, none where that wasn't done.
    """

    reviewed: int
    kept: int
    relabelled: int
    labelled: int
    excluded: int
    unsure: int
    disputed: int
    absent: int
    decisions: int
    readers: int
    last: int
    head: str
    since: SinceBefore | None = None
    excluded_from_test: int | None = None
    wrong: Figure | None = None
    by: Literal["random", "scores"] | None = None
    wrong_by_class: Mapping[str, float] = {}
    ceiling: Figure | None = None
    left: Figure | None = None
    suspects_in_test: int | None = None
    scored_by: tuple[str, ...] = ()


class ExaminedResult(Part):
    """The candidate as it will serve: MiB of its file, ms an image on this machine's CPU, one at a time, and by how
    much a probability differs once it is loaded again; ``novelty``: share of images called unlike the training set,
    0-1, of the test set (`test`) and of each kind of stranger."""

    size_mb: float
    latency_ms: float
    parity: float
    novelty: Mapping[str, float]


class Leakage(Part):
    """One model trained twice: on patients apart, and on a random split, which shares ``shared_groups`` of them."""

    model: str
    shared_groups: int
    shared_duplicates: int
    apart: TestFigures
    random: TestFigures


class ComparedCut(Part):
    """A cut of a frozen backbone at one input size, compared with others by grouped folds of the training set."""

    cut: str  # layers, joined by +
    input_size: int
    accuracy: float
    error: float  # standard error, over patients
    rate: float  # images a second through the frozen part, as tf.function runs it
    params: int  # of the frozen part
    mib: float
    chosen: bool


class ModelResult(Part):
    """One backbone: what it is, what it cost, what it reached."""

    name: str
    params: int | None = None
    trainable: int | None = None
    input_size: int | None = None
    cut: str | None = None
    weights: str | None = None
    engine: str | None = None  # what ran the frozen layers
    epochs: int | None = None
    train_seconds: float | None = None
    seconds: Mapping[str, float] | None = None  # import, compile, features, fit
    size_mb: float | None = None
    status: Literal["ok", "failed"]
    error: str | None = None
    recipe: Literal["smearflow", "lecture"] = "smearflow"
    note: str | None = None  # what a person should know of how it was trained
    saved_mb: float | None = None  # MiB with the optimiser's state, where it was saved so
    accuracy_at_half: Figure | None = None  # on the test set, at 0.5 in place of the operating threshold
    calibration: Literal["none", "temperature", "isotonic"] | None = None
    threshold: float | None = None
    test: TestFigures | None = None
    cuts: tuple[ComparedCut, ...] = ()  # where the cut, or the size, was chosen here


class ShortcutResult(Part):
    """What statistics of the images alone reach on the test set, without a picture: what a model has to beat.

    ``statistic``: the one that says most by itself, with an AUC of ``alone``; ``close``: models that do hardly better.
    """

    test: TestFigures
    statistic: str
    alone: float | None
    close: tuple[str, ...]


class ChampionResult(Part):
    """The model that serves after this run."""

    registry_name: str
    version: int
    model: str
    provisional: bool


class StageResult(Part):
    """One stage of the run."""

    name: str
    state: StageState
    seconds: float


class PrefectRun(Part):
    """Where the run can be seen."""

    api_url: str
    flow_run_id: str


class Paths(Part):
    """Absolute paths of what the run left."""

    report: Path | None = None
    model: Path | None = None
    data_docs: Path | None = None
    manifest: Path | None = None
    split: Path | None = None
    folders: Path | None = None
    quarantine: Path | None = None
    apart: Path | None = None  # what lies in the source and is no row of the manifest
    pairs: Path | None = None  # near-duplicates
    breaches: Path | None = None


class Summary(Part):
    """The whole of summary.json."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    command: Literal["run", "validate"]
    status: Literal["completed", "failed"]
    verdict: Verdict
    dataset: Dataset | None = None
    validation: Validation | None = None
    split: SplitCounts | None = None
    models: tuple[ModelResult, ...] = ()
    shortcut: ShortcutResult | None = None
    gate: tuple[GateRule, ...] = ()
    comparison: ComparisonResult | None = None
    slices: tuple[SliceResult, ...] = ()
    abstention: AbstentionResult | None = None
    truths: TruthsResult | None = None
    labels: LabelsResult | None = None
    examined: ExaminedResult | None = None
    leak: str | None = None  # too good to be true: what was checked
    test_openings: int | None = None  # decisions about this registered name for which a test set was opened
    champion: ChampionResult | None = None
    stages: tuple[StageResult, ...] = ()
    prefect: PrefectRun | None = None
    paths: Paths = Paths()


def write_summary(summary: Summary, folder: Path) -> Path:
    """Write ``folder/summary.json`` in one step."""
    path = folder / "summary.json"
    write_text(path, summary.model_dump_json(indent=2) + "\n")
    return path


def read_summary(path: Path) -> Summary:
    """The summary at ``path``. Raises pydantic's ValidationError where it is no summary of this version."""
    return Summary.model_validate_json(path.read_text())
