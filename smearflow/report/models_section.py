"""The models: what they reached on the test set, what they are, what they cost, and how they learnt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from smearflow.evaluation.metrics import MORE
from smearflow.evaluation.scoring import PATIENT_ACCURACY, Scores
from smearflow.evaluation.shortcut import Shortcut
from smearflow.report.charts import SQUARE, Axis, Chart, Point, Series, diagonal, lines, mark
from smearflow.report.findings import Epoch, Findings
from smearflow.report.pseudonyms import Names
from smearflow.report.wording import percent
from smearflow.summary import ComparedCut, ModelResult

LESS_IS_BETTER = ("brier", "ece")
FURTHER = (PATIENT_ACCURACY, *MORE)  # figures
SHOWN = 15  # rows of a table of cuts; all of them are in summary.json


@dataclass(frozen=True)
class ModelRow:
    """A model of the run. ``error``: why there is none; ``scores``: None where it wasn't measured."""

    model: ModelResult
    scores: Scores | None
    candidate: bool
    error: str | None


@dataclass(frozen=True)
class Further:
    """The models, statistics alone among them, and the further figures that all of them have."""

    models: tuple[Scores, ...]
    figures: tuple[str, ...]
    less_is_better: tuple[str, ...] = LESS_IS_BETTER


@dataclass(frozen=True)
class ModelsSection:
    """All models, the candidate first among the charts."""

    rows: tuple[ModelRow, ...]
    judged: Scores | None
    shortcut: Shortcut | None
    further: Further
    roc: Chart | None
    curves: tuple[tuple[str, tuple[Chart, ...]], ...]
    cuts: tuple[tuple[str, tuple[ComparedCut, ...]], ...]
    steps: tuple[str, ...] = ("import", "compile", "features", "fit")


def models_section(findings: Findings, names: Names) -> ModelsSection | None:
    """None where no model was trained or tried."""
    if not findings.summary.models:
        return None
    return ModelsSection(
        rows=tuple(_row(model, findings, names) for model in findings.summary.models),
        judged=findings.judged,
        shortcut=findings.shortcut,
        further=_further(findings),
        roc=_roc(findings),
        cuts=tuple((model.name, _shown(model.cuts)) for model in findings.summary.models if model.cuts),
        curves=tuple(
            (name, _curves(epochs, _stops(name, findings))) for name, epochs in findings.curves.items() if epochs
        ),
    )


def _row(model: ModelResult, findings: Findings, names: Names) -> ModelRow:
    scores = next((s for s in findings.scores if s.name == model.name), None)
    return ModelRow(model, scores, model.name == findings.candidate, names.text(model.error or "") or None)


def _further(findings: Findings) -> Further:
    """The candidate first: on a phone the other columns are reached by scrolling."""
    measured = sorted(findings.scores, key=lambda scores: scores.name != findings.candidate)
    baseline = (findings.shortcut.scores,) if findings.shortcut else ()
    models = (*measured, *baseline) if measured else ()
    known = FURTHER if findings.patients_known else MORE
    return Further(models, tuple(name for name in known if all(name in scores.test for scores in models)))


def _shown(cuts: Sequence[ComparedCut]) -> tuple[ComparedCut, ...]:
    """The best of what was compared, and what was chosen, from the most accurate on."""
    ranked = sorted(cuts, key=lambda each: (-each.accuracy, each.params))
    return tuple(each for rank, each in enumerate(ranked) if rank < SHOWN or each.chosen)


def _roc(findings: Findings) -> Chart | None:
    """Every model's curve, the candidate's heavier and with its operating point."""
    drawn = [s for s in findings.scores if s.roc]
    if not drawn:
        return None
    data = findings.settings.data
    alarms = Axis(f"{data.negative} called {data.positive} (1 − specificity)", 0, 1, 1)
    found = Axis(f"{data.positive} found (sensitivity)", 0, 1, 1, SQUARE)
    series = [Series(s.name, s.roc, n, _style(s, n, findings)) for n, s in enumerate(drawn)]
    rings = (mark(alarms, found, _operating(s), f"s{n}") for n, s in enumerate(drawn) if s.name == findings.candidate)
    areas = "; ".join(f"{s.name}: AUC {s.test['auc'].value:.3f}" for s in drawn)
    extra = diagonal(alarms, found) + "".join(rings)
    return lines("ROC curves on the test set", areas, alarms, found, series, extra)


def _style(scores: Scores, number: int, findings: Findings) -> str:
    if scores.name == findings.candidate:
        return "strong"
    return "dashed" if number % 2 else "plain"


def _operating(scores: Scores) -> tuple[float, float]:
    """(false positive rate, sensitivity) at the model's threshold."""
    cells = scores.confusion
    return cells["fp"] / (cells["fp"] + cells["tn"]), cells["tp"] / (cells["tp"] + cells["fn"])


def _stops(name: str, findings: Findings) -> bool:
    """Whether the model's training may have stopped early, and the best epoch's weights are its own."""
    taught = any(model.name == name and model.recipe == "lecture" for model in findings.summary.models)
    return findings.settings.train.patience is not None and not taught


def _curves(epochs: Sequence[Epoch], stops: bool) -> tuple[Chart, ...]:
    losses = (_series(epochs, "loss", "loss, training", 0), _series(epochs, "val_loss", "loss, validation", 1))
    shares = (
        _series(epochs, "accuracy", "accuracy, training", 0),
        _series(epochs, "val_accuracy", "accuracy, validation", 1),
        _series(epochs, "val_auc", "AUC, validation", 2),
    )
    return (
        _curve("Loss", "loss", _known(losses), 0.0, None, _lowest(epochs) if stops else None),
        _curve("Accuracy and AUC", "", _known(shares), None, 1.0),
    )


def _series(epochs: Sequence[Epoch], key: str, name: str, colour: int) -> Series:
    points = [(float(e["epoch"]), _kept(e.get(key))) for e in epochs]
    return Series(name, points, colour, "dashed" if key.startswith("val_") else "plain")


def _kept(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _known(series: Sequence[Series]) -> tuple[Series, ...]:
    """Those of which every epoch is known."""
    return tuple(s for s in series if all(math.isfinite(value) for _, value in s.points))


def _lowest(epochs: Sequence[Epoch]) -> Point:
    """The epoch with the lowest validation loss, and that."""
    return min(((float(e["epoch"]), float(e["val_loss"])) for e in epochs), key=lambda point: point[1])


def _curve(
    title: str, label: str, series: Sequence[Series], low: float | None, high: float | None, kept: Point | None = None
) -> Chart:
    """``kept``: the epoch whose weights are the model's, where that needn't be the last; it gets a ring."""
    known = [value for s in series for _, value in s.points if math.isfinite(value)] or [0.0, 1.0]
    y = Axis(label, _below(min(known)) if low is None else low, high or max(known) * 1.05 or 1, 2)
    epochs = [epoch for epoch, _ in series[0].points]
    x = Axis("epoch", min(epochs), max(max(epochs), min(epochs) + 1))
    ends = "; ".join(f"{s.name} {s.points[0][1]:.3f} to {s.points[-1][1]:.3f}" for s in series)
    told = f" The ring: epoch {kept[0]:g}, whose weights were kept." if kept else ""
    extra = mark(x, y, kept, "s1") if kept else ""
    return lines(title, f"From the first to the last epoch: {ends}.{told}", x, y, series, extra)


def _below(value: float) -> float:
    """The tenth below ``value``, and no more than 0.9."""
    return min(0.9, math.floor(10 * value) / 10)


def share_of(part: int, other: int) -> str:
    """The share of ``part`` in both together: ``95.1 %``."""
    return percent(part / (part + other)) if part + other else "none there"
