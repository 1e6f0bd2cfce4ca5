"""Predictions that the tests of the evaluation write down themselves."""

import numpy as np
import pandas as pd


def predictions(images: int = 1200, patients: int = 30, skill: float = 1.5, seed: int = 0) -> pd.DataFrame:
    """A trainer's table: a third of the images a split, whole patients in it; ``skill`` parts the classes.

    Each patient has a stain of its own that moves all its probabilities, as real ones do.
    """
    draw = np.random.default_rng(seed)
    group = np.arange(images) % patients
    positive = draw.random(images) < 0.5
    stain = draw.normal(0, 0.5, patients)[group]
    logit = skill * np.where(positive, 1, -1) + stain + draw.normal(0, 1, images)
    return pd.DataFrame(
        {
            "path": [f"C{g}_cell_{i}.png" for i, g in enumerate(group)],
            "sha256": [f"{i:064x}" for i in range(images)],
            "label": np.where(positive, "Parasitized", "Uninfected"),
            "group": [f"C{g}" for g in group],
            "split": np.array(["train", "val", "test"])[group % 3],
            "probability": 1 / (1 + np.exp(-logit)),
        }
    )
