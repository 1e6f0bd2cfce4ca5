"""Manifests that the tests of the data contract write down themselves: sound ones, to be spoilt."""

import pandas as pd

from expectations.contract import Check, check
from smearflow.data.manifest import as_manifest
from smearflow.settings import Data, Quality


def sound(images: int = 200, patients: int = 25) -> pd.DataFrame:
    """A manifest that nothing speaks against: half the images in each class, every patient with both."""
    labels = ["Parasitized" if i // patients % 2 else "Uninfected" for i in range(images)]
    rows = {
        "path": [f"{label}/C{i % patients}_cell_{i}.png" for i, label in enumerate(labels)],
        "sha256": [f"{i:064x}" for i in range(images)],
        "label": labels,
        "group": [f"C{i % patients}" for i in range(images)],
        "width": [100 + i % 90 for i in range(images)],
        "height": [110 + i % 70 for i in range(images)],
    }
    return as_manifest(pd.DataFrame(rows).assign(mode="RGB", format="PNG"))


def failures(manifest: pd.DataFrame, quality: Quality = Quality()) -> dict[str, Check]:  # noqa: B008 (frozen)
    """The failed checks of ``manifest`` by their sentences."""
    contract, _ = check(as_manifest(manifest), Data(), quality, None)
    return {c.expectation: c for c in contract.checks if not c.passed}
