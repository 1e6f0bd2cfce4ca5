"""Findings that the tests of the report draw themselves: cells on disk, and a run over them as far as a test wants."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, PngImagePlugin

from expectations.contract import Check
from smearflow.data.duplicates import PAIRS
from smearflow.data.manifest import as_manifest, usable
from smearflow.evaluation.gate import choose, decide
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.evaluation.scoring import Scores, score
from smearflow.evaluation.shortcut import NAME, Shortcut
from smearflow.evaluation.verdict import Evidence
from smearflow.report.findings import Findings
from smearflow.settings import Evaluation, Settings
from smearflow.summary import Dataset, Figure, ModelResult, SplitCounts, StageResult, Summary, TestFigures, Verdict
from smearflow.workspace import file_digest

CLASSES = ("Parasitized", "Uninfected")
PATIENTS = ("C104P65", "C201", "C68P29N_", "C51AP12", "C39P4", "C7P3")  # as the NLM set names them
SETS = {"C104": "train", "C201": "train", "C68": "train", "C51": "val", "C39": "test", "C7": "test"}


def draw_folder(root: Path, cells: int = 4) -> pd.DataFrame:
    """``cells`` images a class of each patient below ``root``, three faults among them; their manifest."""
    draw = np.random.default_rng(1337)
    rows = []
    for label in CLASSES:
        (root / label).mkdir(parents=True)
        for patient in PATIENTS:
            rows += [_draw_cell(root, label, patient, number, draw) for number in range(cells)]
    _spoil(root, rows)
    return as_manifest(pd.DataFrame(rows))


def finished(root: Path, **changes: Any) -> Findings:
    """A finished run over the cells that it draws below ``root``: two models, one promoted, and one that failed."""
    manifest = draw_folder(root)
    settings = Settings(evaluation=Evaluation(bootstrap=100))
    split = divided(manifest)
    scores = (scored("compact", split, 0.12, settings), scored("MobileNetV2", split, 0.3, settings))
    verdict = decide(choose(scores), Evidence(), None, settings.gate, settings.data)
    facts = {
        "summary": summary_of(manifest, split, scores),
        "settings": settings,
        "manifest": manifest,
        "root": root,
        "checks": checks(manifest),
        "pairs": paired(manifest),
        "split": split,
        "curves": {s.name: learning(10) for s in scores},
        "scores": scores,
        "shortcut": statistics_alone(split, settings),
        "gate": verdict.checks,
        "candidate": verdict.candidate,
        "mistakes": confident_mistakes(predicted(split, 0.12).query("split == 'test'"), CLASSES[0], 0.5, 16),
        "versions": {"tensorflow": "2.21.0"},
        "digests": {"data": "d" * 64},
    }
    return Findings(**{**facts, **changes})


def failed(root: Path) -> Findings:
    """A run that the data contract stopped."""
    manifest = draw_folder(root)
    broken = checks(manifest)[:1]
    why = f"A critical expectation of the data failed:\n- files: files can be used; first: {broken[0].first[0]}"
    summary = Summary(
        run_id="20261124-090000",
        command="run",
        status="failed",
        verdict=Verdict(outcome="failed", why=why, next=broken[0].fix),
        dataset=dataset_of(manifest),
        stages=(StageResult(name="validate", state="failed", seconds=3.2),),
    )
    return Findings(summary, Settings(), manifest, root, broken)


def paired(manifest: pd.DataFrame) -> pd.DataFrame:
    """Near-duplicates, one pair across classes and one within."""
    conflict = manifest.loc[manifest["reason"] == "label_conflict", "sha256"].iloc[0]
    used = usable(manifest)
    other = used.loc[used["label"] == CLASSES[1], "sha256"].iloc[0]
    rows = [(*sorted((conflict, other)), 0.97, True), (*sorted(used["sha256"].iloc[:2]), 0.99, False)]
    return pd.DataFrame(rows, columns=list(PAIRS)).astype(PAIRS)


def divided(manifest: pd.DataFrame) -> pd.DataFrame:
    """The split table of the images that can be used: two patients in test."""
    rows = usable(manifest)[["path", "sha256", "label", "group"]]
    return rows.assign(split=rows["group"].map(SETS))


def predicted(split: pd.DataFrame, spread: float) -> pd.DataFrame:
    """Probabilities that are right on the whole, and the less so the wider they ``spread``."""
    draw = np.random.default_rng(7)
    middle = split["label"].map({CLASSES[0]: 0.75, CLASSES[1]: 0.25}).astype(float)
    return split.assign(probability=np.clip(middle + draw.normal(0, spread, len(split)), 0.001, 0.999))


def scored(name: str, split: pd.DataFrame, spread: float, settings: Settings) -> Scores:
    """A model's scores on those probabilities."""
    return score(name, f"{name:0<64}", predicted(split, spread), CLASSES[0], settings.evaluation)


def statistics_alone(split: pd.DataFrame, settings: Settings) -> Shortcut:
    """What statistics reach where they say next to nothing."""
    return Shortcut(scored(NAME, split, 0.9, settings), "sharpness", 0.61, {"compact": Interval(0.3, 0.2, 0.4)})


def learning(epochs: int) -> list[dict[str, float]]:
    """Training curves that go the right way."""
    return [
        {"epoch": n, "loss": 0.7 / n, "accuracy": 1 - 0.4 / n, "val_loss": 0.8 / n, "val_accuracy": 1 - 0.5 / n}
        | {"val_auc": 1 - 0.3 / n}
        for n in range(1, epochs + 1)
    ]


def checks(manifest: pd.DataFrame) -> tuple[Check, ...]:
    """A critical check that is broken, by files that it names, and one that holds."""
    first = tuple(manifest.loc[manifest["reason"].notna(), "path"].head(2))
    line = {"suite": "files", "column": "reason", "severity": "critical", "unexpected": 3}
    line |= {"why": "A broken copy may no longer stand for the whole.", "fix": "Copy the images again."}
    broken = Check(**line, expectation="files can be used", passed=False, observed="3 of 48", bound="5 %", first=first)
    return broken, Check(**line, expectation="there are images", passed=True, observed="48", bound="1", first=())


def dataset_of(manifest: pd.DataFrame) -> Dataset:
    """The counts of a manifest as the summary has them."""
    used = usable(manifest)
    classes = {label: int((used["label"] == label).sum()) for label in CLASSES}
    left_out = len(manifest) - len(used)
    counts = {"quarantined": left_out - 1, "review": 1, "ignored": 2, "links": 1}
    return Dataset(digest="d" * 64, images=len(used), classes=classes, groups=used["group"].nunique(), **counts)


def summary_of(manifest: pd.DataFrame, split: pd.DataFrame, scores: tuple[Scores, ...]) -> Summary:
    """The summary of the finished run."""
    sizes = {name: int((split["split"] == name).sum()) for name in ("train", "val", "test")}
    broken = ModelResult(name="VGG19", status="failed", error="No weights: set SMEARFLOW_WEIGHTS_DIR, or ...")
    return Summary(
        run_id="20261124-090000",
        command="run",
        status="completed",
        verdict=Verdict(outcome="promoted", why="compact finds nearly all.", next="Look at its mistakes."),
        dataset=dataset_of(manifest),
        split=SplitCounts(by="group", seed=1337, shared_groups=0, **sizes),
        models=(*(model_of(s) for s in scores), broken),
        stages=(
            StageResult(name="scan", state="cached", seconds=0.4),
            StageResult(name="train", state="completed", seconds=75.0),
        ),
    )


def model_of(scores: Scores) -> ModelResult:
    """A trained model as the summary has it."""
    test = {name: Figure(**vars(scores.test[name])) for name in scores.test}
    seconds = {"import": 6.0, "compile": 1.0, "features": 4.0, "fit": 30.0}
    size = {"params": 98_289, "trainable": 98_289, "input_size": 96, "epochs": 10, "size_mb": 0.42}
    return ModelResult(
        name=scores.name,
        weights="random (control)",
        train_seconds=41.0,
        seconds=seconds,
        status="ok",
        threshold=scores.threshold,
        test=TestFigures(**test),
        **size,
    )


def _draw_cell(root: Path, label: str, patient: str, number: int, draw: np.random.Generator) -> dict[str, Any]:
    """A cell with the patient's name in its file name, its text chunk and its EXIF."""
    path = f"{label}/{patient}ThinF_IMG_20150918_171751_cell_{number + 10}.png"
    width, height = (int(v) for v in draw.integers(60, 160, 2))
    picture = Image.fromarray(draw.integers(90, 200, (height, width, 3), dtype=np.uint8))
    note, exif = PngImagePlugin.PngInfo(), Image.Exif()
    note.add_text("Comment", path)
    exif[0x010E] = path
    picture.save(root / path, pnginfo=note, exif=exif)
    group = patient.partition("P")[0].rstrip("A_")
    facts = {"path": path, "label": label, "group": group, "width": width, "height": height}
    return {**facts, "mode": "RGB", "format": "PNG", "sha256": file_digest(root / path), "reason": None, "error": None}


def _spoil(root: Path, rows: list[dict[str, Any]]) -> None:
    """One file cut off, one that couldn't be read, one that stands for the same image under both classes."""
    cut, unread, twice = rows[0], rows[1], rows[2]
    (root / cut["path"]).write_bytes((root / cut["path"]).read_bytes()[:200])
    cut.update(reason="truncated", error=f"image file is truncated: {root / cut['path']}")
    unread.update(reason="unreadable", sha256=None, error="Permission denied", width=None, height=None)
    twice.update(reason="label_conflict")
