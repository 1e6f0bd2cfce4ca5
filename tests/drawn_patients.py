"""Cells of drawn patients in figures: what the tests of the monitoring room compare, without an image."""

import numpy as np
import pandas as pd

FIGURES = {"brightness": (160.0, 9.0), "red": (185.0, 18.0), "green": (152.0, 13.0), "blue": (161.0, 16.0)}
POSITIVE, NEGATIVE = "Parasitized", "Uninfected"


def patients(count: int, seed: int, each: int = 20, prefix: str = "C") -> pd.DataFrame:
    """``each`` cells of ``count`` patients, a patient's alike: path, sha256, label, group, figures and probability."""
    draw = np.random.default_rng(seed)
    rows = count * each
    group = np.repeat([f"{prefix}{seed * 1000 + n}" for n in range(count)], each)
    infected = draw.random(rows) < 0.4
    cells = pd.DataFrame({"group": group, "label": np.where(infected, POSITIVE, NEGATIVE)})
    cells["path"] = [f"{label}/{group[n]}P1ThinF_IMG_cell_{n}.png" for n, label in enumerate(cells["label"])]
    cells["sha256"] = [f"{value:016x}" for value in draw.integers(0, 2**62, rows)]
    for name, (mean, spread) in FIGURES.items():
        cells[name] = mean + np.repeat(draw.normal(0, spread, count), each) + draw.normal(0, spread / 3, rows)
    cells["contrast"] = 18 + np.repeat(draw.normal(0, 1.4, count), each)
    cells["sharpness"] = np.exp(0.2 + np.repeat(draw.normal(0, 0.4, count), each) + draw.normal(0, 0.2, rows))
    cells["foreground"] = 0.73 + np.repeat(draw.normal(0, 0.03, count), each)
    cells["glare"] = 0.0
    cells["width"] = cells["height"] = draw.integers(90, 140, rows)
    right = draw.random(rows) < 0.95
    cells["probability"] = np.where(infected == right, 0.95, 0.05) + draw.normal(0, 0.01, rows)
    return cells


def darker(cells: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The same cells in less light."""
    light = ["brightness", "red", "green", "blue", "contrast"]
    return cells.assign(**{name: cells[name] * factor for name in light})


def reference(count: int = 40, seed: int = 1) -> pd.DataFrame:
    """What a champion's bundle keeps of such patients."""
    from smearflow.monitoring.reference import reference_of

    cells = patients(count, seed)
    split = np.where(pd.factorize(cells["group"])[0] % 2 == 0, "val", "test")
    predictions = cells[["path", "sha256", "label", "group", "probability"]].assign(split=split)
    return reference_of(cells.drop(columns=["label", "group", "probability", "sha256"]), predictions)
