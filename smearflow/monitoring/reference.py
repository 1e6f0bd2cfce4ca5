"""The champion's reference: the cells that it was measured on, in figures, kept in its bundle.

A row a cell of the validation and test sets, whose patients the champion wasn't trained on. Patients are numbers, and
neither file names nor digests are kept: a bundle goes where the images may not.
"""

from pathlib import Path

import pandas as pd

from smearflow.data.manifest import STATISTICS, read_manifest
from smearflow.errors import MissingPart

REFERENCE = "reference.parquet"  # in the bundle
HELD_OUT = ("val", "test")
FIGURES = (*(column.name for column in STATISTICS), "width", "height")
COLUMNS = ("patient", "split", "label", "probability", *FIGURES)


def reference_of(manifest: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS of each held-out cell whose patient wasn't trained on; none, most often, of a split by image.

    ``patient`` counts from 1, ``probability`` is float64, figures are float32, the rest is text.

    ``manifest``: path and FIGURES; ``predictions``: path, sha256, label, group, split and probability.
    """
    trained_on = predictions.loc[predictions["split"] == "train", "group"]  # all, where the split was by image
    unseen = predictions["split"].isin(HELD_OUT) & ~predictions["group"].isin(trained_on)
    held = predictions[unseen & predictions["probability"].notna()]
    rows = held.merge(manifest[["path", *FIGURES]], on="path", validate="one_to_one")
    rows = rows.assign(patient=_numbered(rows)).astype(dict.fromkeys(FIGURES, "float32"))
    return rows.sort_values(["patient", "sha256"], ignore_index=True)[list(COLUMNS)]


def add_reference(bundle: Path, manifest: Path, predictions: Path) -> None:
    """Write the reference into ``bundle``, from the tables of the run that trained the model (both parquet)."""
    reference = reference_of(read_manifest(manifest), pd.read_parquet(predictions))
    reference.to_parquet(bundle / REFERENCE, index=False)


def read_reference(bundle: Path, champion: str) -> pd.DataFrame:
    """The reference in ``bundle``. Raises MissingPart, speaking of ``champion``, where it has none."""
    path = bundle / REFERENCE
    if not path.exists():
        raise MissingPart(
            f"{champion} has no reference to compare new cells with: {path} isn't there.",
            "It was registered before there were references. `smearflow run` on data with new cells registers one "
            "that has; on the same data, do so under another name: --set registry.name=NAME, here and there.",
        )
    return pd.read_parquet(path)


def _numbered(rows: pd.DataFrame) -> pd.Series:
    """Patients by the smallest digest among their cells: an order that can't be told from their names."""
    return rows.groupby("group")["sha256"].transform("min").rank(method="dense").astype("int64")
