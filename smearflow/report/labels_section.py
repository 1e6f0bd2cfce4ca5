"""The labels: what people found when they looked again, both truths, what labels are worth, and the worst of them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from smearflow.data.sources import file_at
from smearflow.evaluation.label_worth import judged_labels
from smearflow.report.charts import Chart
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, thumbnail
from smearflow.report.pseudonyms import Names
from smearflow.report.review_curve import review_curve
from smearflow.report.wording import counted
from smearflow.summary import LabelsResult, TruthsResult

SIDE = 64  # pixels of a cell
WORST = 18  # cells a class
LEAST = 0.05  # chance of being wrong, below which a label is no suspect
APART = 0.01  # difference of the classes' shares of wrong labels that is worth a word
FIGURES = ("accuracy", "sensitivity", "specificity", "auc")
SEEN = {"relabelled": "changed", "kept": "kept", "unsure": "unsure", "disputed": "disputed", "labelled": "labelled"}


@dataclass(frozen=True)
class Suspect:
    """A cell whose label is doubted. ``wrong``: how likely, 0-1; ``seen``: what people said of it, empty: nobody
    has looked; ``copies``: what its near-copies are labelled."""

    url: str | None
    name: str
    patient: str | None
    wrong: float
    seen: str
    copies: str


@dataclass(frozen=True)
class OfClass:
    """The worst labels of a class, the share of all of its labels as given that is held to be wrong, 0-1."""

    name: str
    suspects: tuple[Suspect, ...]
    wrong: float | None


@dataclass(frozen=True)
class LabelsSection:
    """``sentence``: what looking again came to, in a doctor's words; ``apart``: whether one class is surely worse off;
    ``curve``: the review as a picture."""

    labels: LabelsResult
    truths: TruthsResult | None
    sentence: str | None
    figures: tuple[str, ...]
    apart: bool
    curve: Chart | None
    classes: tuple[OfClass, ...]
    drawn: bool


def labels_section(findings: Findings, names: Names) -> LabelsSection | None:
    """None where nobody looked at a label and no model judged one."""
    labels = findings.summary.labels
    if labels is None or findings.manifest is None:
        return None
    scores = findings.label_scores
    table = judged_labels(scores, findings.manifest) if scores is not None else None
    shares = labels.wrong_by_class.values()
    return LabelsSection(
        labels=labels,
        truths=findings.summary.truths,
        sentence=looked_again(labels),
        figures=FIGURES,
        apart=len(shares) > 1 and max(shares) - min(shares) >= APART,
        curve=_curve(findings, labels, table) if table is not None else None,
        classes=_classes(findings, labels, table, names) if table is not None else (),
        drawn=findings.settings.data.source == "demo",
    )


def looked_again(labels: LabelsResult) -> str | None:
    """``Of 200 cells that were looked at again, 83 had the wrong label.`` None where nobody looked."""
    looked = labels.reviewed - labels.labelled
    if not looked:
        return None
    others = [
        (labels.excluded, "showed no cell that is fit for use"),
        (labels.unsure, "left the reader unsure"),
        (labels.disputed, "left readers in disagreement"),
    ]
    rest = "".join(f"; {count:,} {what}" for count, what in others if count)
    was = "was" if looked == 1 else "were"
    return f"Of {counted(looked, 'cell')} that {was} looked at again, {labels.relabelled:,} had the wrong label{rest}."


def _curve(findings: Findings, labels: LabelsResult, table: pd.DataFrame) -> Chart | None:
    share = labels.wrong.value if labels.wrong else None
    if findings.opinions is None or share is None:
        return None
    return review_curve(findings.opinions, table, share)


def _classes(findings: Findings, labels: LabelsResult, table: pd.DataFrame, names: Names) -> tuple[OfClass, ...]:
    doubted = table[table["wrong"] >= LEAST]
    by_class = ((name, doubted[doubted["label"] == name].head(WORST)) for name in findings.settings.data.classes)
    return tuple(
        OfClass(
            name,
            tuple(_suspect(row, findings, names) for row in worst.itertuples()),
            labels.wrong_by_class.get(name),
        )
        for name, worst in by_class
        if len(worst)
    )


def _suspect(row: Any, findings: Findings, names: Names) -> Suspect:
    file = file_at(findings.root, row.path) if findings.root else None
    picture = thumbnail(file, SIDE, findings.settings.quality.max_pixels) if file else None
    return Suspect(
        url=data_url(picture) if picture else None,
        name=names.image(row.path),
        patient=names.patient(row.group),
        wrong=float(row.wrong),
        seen=SEEN.get(row.label_source, ""),
        copies="" if pd.isna(row.copies) else names.text(str(row.copies)),
    )
