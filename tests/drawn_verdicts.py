"""What a run finds out about its candidate beside its scores, drawn: slices, a band, a rival, heat maps, a history."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.evaluation.abstention import abstention
from smearflow.evaluation.comparison import compare
from smearflow.evaluation.rules import no_slice_far_below, rivalry
from smearflow.evaluation.slices import slices
from smearflow.report.findings import Examination, Findings, HistoryLine

POSITIVE = "Parasitized"
NOVELTY = {"test": 0.008, "photographs": 1.0, "noise": 0.99, "blank": 0.4}


def judged_thoroughly(findings: Findings, folder: Path) -> Findings:
    """``findings`` as of a run that went all the way, with a champion to compare with; heat maps in ``folder``."""
    table = test_cells(findings)
    sliced = slices(table, measures(table), POSITIVE, 0.5, 200, 30)
    rival = table.assign(probability=(table["probability"] * 0.9 + 0.04).clip(0, 1))
    comparison = compare(table, rival, (0.5, 0.5), POSITIVE, 200)
    gaps = {part.name: part.gap for part in sliced if part.gap}
    return replace(
        findings,
        slices=sliced,
        abstention=abstention(table, POSITIVE, 0.5, (0.42, 0.58), 200),
        comparison=comparison,
        rival="compact, version 3",
        gate=(*findings.gate, no_slice_far_below(gaps, 0.15), *rivalry(comparison, 0.01)),
        examined=Examination(0.42, 11.3, 2e-7, heat(findings, folder), folder, NOVELTY),
        history=history(),
        openings=4,
    )


def test_cells(findings: Findings, each: int = 60) -> pd.DataFrame:
    """A test set larger than what is on disk: ten patients, of whom the model is bad at the first."""
    assert findings.split is not None
    known = findings.split.loc[findings.split["split"] == "test", "group"].unique()
    groups = [*known, *(f"C{n}" for n in range(301, 311 - len(known)))]
    draw = np.random.default_rng(3)
    group = np.repeat(groups, each)
    infected = draw.random(len(group)) < 0.5
    right = draw.random(len(group)) < np.where(group == groups[0], 0.7, 0.96)
    path = [f"{g}P1_cell_{n}.png" for n, g in enumerate(group)]
    sure = 0.5 + 0.5 * draw.beta(np.where(right, 5, 1.2), 1.2)
    return pd.DataFrame(
        {
            "path": path,
            "sha256": [f"{n:064x}" for n in range(len(group))],
            "label": np.where(infected, POSITIVE, "Uninfected"),
            "group": group,
            "split": "test",
            "probability": np.where(infected == right, sure, 1 - sure),
        }
    )


test_cells.__test__ = False  # type: ignore[attr-defined]  # a set of cells, not a test


def measures(cells: pd.DataFrame) -> pd.DataFrame:
    """The manifest's columns that slices are made by."""
    draw = np.random.default_rng(4)
    columns = {"red": 180, "green": 130, "blue": 150, "brightness": 150, "sharpness": 60}
    rows = {name: draw.normal(middle, 12, len(cells)) for name, middle in columns.items()}
    return pd.DataFrame({"path": cells["path"], "width": 100, "height": draw.integers(80, 180, len(cells)), **rows})


def heat(findings: Findings, folder: Path) -> pd.DataFrame:
    """Heat maps of the test cells on disk; every other one has a picture, and each kind of answer is there."""
    assert findings.split is not None
    rows = findings.split[findings.split["split"] == "test"].reset_index(drop=True)
    draw = np.random.default_rng(5)
    kind = np.where(rows["label"] == POSITIVE, "hit", "cleared").astype(object)
    kind[[0, len(rows) - 1]] = "missed", "false_alarm"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(len(rows)):
        names.append(f"{number}.png" if number % 2 == 0 or number > len(rows) - 3 else None)
        if names[-1]:
            Image.fromarray(draw.integers(60, 220, (96, 192, 3), dtype=np.uint8)).save(folder / names[-1])
    facts = {"kind": kind, "resolution": 24, "share_inside": draw.uniform(0.8, 1, len(rows)), "picture": names}
    return rows.assign(probability=draw.uniform(0, 1, len(rows)), **facts)


def history() -> tuple[HistoryLine, ...]:
    """A champion, one that wasn't good enough, one that was better, and a way back."""
    made = (
        ("promoted", "compact", 1, "It was the first."),
        ("refused", "VGG19", 1, "That is not good enough: sensitivity is 70.0 %."),
        ("promoted", "MobileNetV2", 2, "It is not worse than the champion; accuracy on patient C39 differs."),
        ("rolled_back", "compact", 1, "The clinic saw too many false alarms."),
    )
    return tuple(
        HistoryLine(f"2026-11-{day:02d}T09:30:00+00:00", decision, model, version, f"run-{day}", why, day == 4)
        for day, (decision, model, version, why) in enumerate(made, start=1)
    )
