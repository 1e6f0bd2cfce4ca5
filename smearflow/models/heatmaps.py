"""The heat maps of a candidate's test images: a table of all of them, and pictures of those that are shown."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from smearflow.data.sources import file_at
from smearflow.evaluation.mistakes import confident_mistakes
from smearflow.models.explain import Explainer, Heat, cells_of, softened
from smearflow.models.fitted import Array
from smearflow.models.pixels import in_pieces
from smearflow.registry.serving import Classifier, UnreadableError, decode

COLUMNS = ["path", "sha256", "group", "label", "probability", "kind", "resolution", "share_inside", "peak_x", "peak_y"]
SIDE = 160  # pixels of each half of a picture
GLOW = (0, 255, 140)  # the heat's colour: none that stains have
OPACITY = 0.65  # where it is hottest


def heat_table(
    explainer: Explainer, test: pd.DataFrame, root: Path, classifier: Classifier
) -> tuple[pd.DataFrame, Array]:
    """COLUMNS of each of ``test`` that can be read, and their maps, float32 (k, side, side).

    ``test``: path below ``root``, sha256, group, label and calibrated probability. ``kind``: hit, missed, cleared or
    false_alarm; ``share_inside``: of the heat, on the cell, 0-1; peaks are shares of width and height, 0-1. The last
    three are null where nothing speaks for infection.
    """
    heats, inside, readable = [], [], []
    files = [file_at(root, path) for path in test["path"]]
    for each in in_pieces(files, classifier.input_size, test["sha256"].tolist()):
        readable += [error is None for error in each.errors]
        heats.append(explainer(each.pixels))
        inside.append(heats[-1].inside(cells_of(each.pixels, explainer.side)))
    heat = Heat(np.concatenate([each.maps for each in heats]), explainer.resolution)
    rows = test[np.array(readable, bool)].reset_index(drop=True)
    table = rows.assign(
        kind=kinds(rows, classifier),
        resolution=heat.resolution,
        share_inside=np.concatenate(inside),
        peak_x=heat.peaks[:, 0],
        peak_y=heat.peaks[:, 1],
    )
    return table[COLUMNS], heat.maps


def kinds(rows: pd.DataFrame, classifier: Classifier) -> Array:
    """hit, missed, cleared or false_alarm: what was said of each row, against its label."""
    positive, called = rows["label"] == classifier.positive, rows["probability"] >= classifier.threshold
    return np.where(positive, np.where(called, "hit", "missed"), np.where(called, "false_alarm", "cleared"))


def to_show(table: pd.DataFrame, classifier: Classifier, each: int, mistakes: int) -> list[int]:
    """Which rows of a heat table are shown: the surest ``mistakes``, and ``each`` of hits, misses and false alarms.

    Misses and false alarms are the surest; hits are in the order of their digests, so that nobody picks them.
    """
    wrong = confident_mistakes(table.assign(row=table.index), classifier.positive, classifier.threshold, len(table))
    chosen = wrong["row"].head(mistakes).tolist()
    for kind in ("missed", "false_alarm"):
        chosen += wrong.loc[wrong["kind"] == kind, "row"].head(each).tolist()
    chosen += table[table["kind"] == "hit"].sort_values("sha256").head(each).index.tolist()
    return sorted(set(chosen))


def draw(rows: pd.DataFrame, maps: Array, root: Path, folder: Path) -> pd.Series:
    """Write a picture of each of ``rows`` (path below ``root``, sha256) with its map into ``folder``.

    Returns the files' names, null where an image can't be read any more.
    """
    drawn = zip(rows["path"], rows["sha256"], softened(maps), strict=True)
    names = [_drawn(file_at(root, path), heat, folder / f"heat-{digest[:16]}.png") for path, digest, heat in drawn]
    return pd.Series(names, index=rows.index, dtype="object")


def _drawn(file: Path, heat: Array, target: Path) -> str | None:
    try:
        pixels = decode(file.read_bytes(), SIDE)
    except (OSError, UnreadableError):
        return None
    side_by_side(pixels, heat).save(target)
    return target.name


def side_by_side(pixels: Array, heat: Array) -> Any:
    """A picture as it is, and beside it the same under its heat: an image, twice as wide as high.

    ``pixels``: uint8 (side, side, 3); ``heat``: float (s, s), 0 or more, of any scale.
    """
    import cv2

    side = pixels.shape[0]
    smooth = cv2.resize(heat, (side, side), interpolation=cv2.INTER_CUBIC).clip(0)
    share = (OPACITY * smooth / max(float(smooth.max()), 1e-12))[..., None]
    glowing = pixels * (1 - share) + np.array(GLOW) * share
    return Image.fromarray(np.concatenate([pixels, glowing.round().astype(np.uint8)], axis=1))
