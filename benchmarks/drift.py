"""How often the quality check calls good batches bad, and bad ones bad, on real cells.

    .venv/bin/python -m benchmarks.drift [--zip ZIP] [--rounds N] [--trained FOLDER]

FOLDER: what a trainer left (bundle/ and predictions.parquet). With it the champion's answers are compared too, on the
patients that it wasn't trained on; without, image statistics alone, on all. In each round the patients are divided anew
into reference and batch. The three changes of light, stain and focus are made to the pixels.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from smearflow.data.groups import assign_groups
from smearflow.data.images import at_scale, statistics
from smearflow.monitoring.drift import Check, compare
from smearflow.monitoring.measures import measured
from smearflow.registry.serving import Classifier, load
from smearflow.settings import Data, QualityCheck

SHARED = Path(os.environ.get("SMEARFLOW_SHARED", Path(__file__).parents[2] / "shared"))
REFERENCE = 44  # patients: two fifths of 110
Pixels = np.ndarray[Any, np.dtype[np.uint8]]

CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "as they are": lambda pixels: pixels,
    "25 % darker": lambda pixels: (pixels * 0.75).astype(np.uint8),
    "10 % darker": lambda pixels: (pixels * 0.9).astype(np.uint8),
    "stain: green less 7 %": lambda pixels: (pixels * np.array([1, 0.93, 1])).astype(np.uint8),
    "blur of 1 px": lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 1.0).astype(np.uint8),
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--zip", type=Path, default=SHARED / "data" / "nlm_cells_128.zip")
    asked.add_argument("--rounds", type=int, default=1000)
    asked.add_argument("--trained", type=Path)
    chosen = asked.parse_args()
    with TemporaryDirectory() as aside, ZipFile(chosen.zip) as archive:
        archive.extractall(aside)
        rows = cells(Path(aside), chosen.trained)
        tables = {name: table(rows, change, chosen.trained) for name, change in CHANGES.items()}
    names = rows["group"].unique()
    print(f"{len(rows):,} cells of {len(names)} patients, {chosen.rounds} rounds, reference of {REFERENCE} patients")
    for size in (5, 6, 8, 12, 20, 40):
        if size + REFERENCE <= len(names):
            print(line(tables["as they are"], tables["as they are"], size, chosen.rounds, "good batches"))
    for size in (8, 40):
        if size + REFERENCE <= len(names):
            print(one_champion(tables["as they are"], size, max(20, chosen.rounds // 50)))
    for few in (3, 10):
        good = tables["as they are"]
        thin = good.groupby("patient", group_keys=False).sample(few, random_state=1)
        print(line(good, thin, 12, chosen.rounds, f"good, {few} cells a patient"))
    for name in list(CHANGES)[1:]:
        for size in (6, 12, 40):
            print(line(tables["as they are"], tables[name], size, max(50, chosen.rounds // 10), name))


def cells(root: Path, trained: Path | None) -> pd.DataFrame:
    """path, label, group of every cell whose patient wasn't trained on."""
    files = sorted(root.rglob("*.png"))
    rows = pd.DataFrame({"path": [str(f) for f in files], "label": [f.parent.name for f in files]})
    rows["group"] = assign_groups(rows["path"], pd.Series(True, index=rows.index), Data())
    if trained is None:
        return rows
    told = pd.read_parquet(trained / "predictions.parquet")
    known = set(told.loc[told["split"] == "train", "group"])
    return rows[~rows["group"].isin(known)].reset_index(drop=True)


def table(rows: pd.DataFrame, change: Callable[[Pixels], Pixels], trained: Path | None) -> pd.DataFrame:
    """The measures of the changed cells, and their patients."""
    classifier = load(trained / "bundle") if trained else None
    pixels = [change(np.asarray(Image.open(path).convert("RGB"))) for path in rows["path"]]
    greys = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pixels]
    facts = pd.DataFrame([statistics(p, grey, at_scale(grey)) for p, grey in zip(pixels, greys, strict=True)])
    facts = facts.assign(width=128, height=128, label=rows["label"], probability=probabilities(classifier, pixels))
    threshold = classifier.threshold if classifier else 0.5
    return measured(facts, "Parasitized", threshold).assign(patient=rows["group"])


def probabilities(classifier: Classifier | None, pixels: list[Pixels]) -> Any:
    if classifier is None:
        return np.full(len(pixels), np.nan)
    side = (classifier.input_size,) * 2
    small = [np.asarray(Image.fromarray(p).resize(side, Image.Resampling.BILINEAR)) for p in pixels]
    return classifier.probabilities(np.stack(small))


def one_champion(good: pd.DataFrame, size: int, champions: int) -> str:
    """The share called a warning or worse for one champion and its reference: 50 batches each, of others."""
    how, draw = QualityCheck(), np.random.default_rng(6)
    names, shares = np.sort(good["patient"].unique()), []
    for _ in range(champions):
        order = draw.permutation(names)
        known, others = good[good["patient"].isin(order[:REFERENCE])], order[REFERENCE:]
        batches = [good[good["patient"].isin(draw.choice(others, size, replace=False))] for _ in range(50)]
        shares.append(np.mean([worst(compare(known, batch, how)) != "ok" for batch in batches]))
    middle, high = np.percentile(shares, [50, 95])
    return (
        f"one champion, batches of {size}: called {middle:.3f} of its good batches; 1 champion in 20 {high:.3f} or more"
    )


def line(good: pd.DataFrame, batch: pd.DataFrame, size: int, rounds: int, what: str) -> str:
    """Shares of batches of ``size`` patients that were called a warning or worse, and an alarm."""
    verdicts = Counter(verdicts_of(good, batch, size, rounds))
    called = [verdicts["warning"] + verdicts["alarm"], verdicts["alarm"]]
    told = ", ".join(f"{word} {n / rounds:.4f} ({n})" for word, n in zip(("called", "alarm"), called, strict=True))
    return f"{what}: {size} patients: {told}"


def verdicts_of(good: pd.DataFrame, batch: pd.DataFrame, size: int, rounds: int) -> Iterator[str]:
    """The worst verdict of each round. A measure that a table lacks (no champion) is left out of both."""
    how, draw = QualityCheck(), np.random.default_rng(5)
    names = np.sort(good["patient"].unique())
    for _ in range(rounds):
        order = draw.permutation(names)
        new, old = order[:size], order[size : size + REFERENCE]
        checks = compare(good[good["patient"].isin(old)], batch[batch["patient"].isin(new)], how)
        yield worst(checks)


def worst(checks: tuple[Check, ...]) -> str:
    found = {check.verdict for check in checks}
    return "alarm" if "alarm" in found else "warning" if "warning" in found else "ok"


if __name__ == "__main__":
    main()
