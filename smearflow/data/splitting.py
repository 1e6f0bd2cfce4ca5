"""Which images train, which validate, which test: by group, so that no patient is in two sets."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.errors import DataError
from smearflow.settings import Split
from smearflow.workspace import digest_of

SETS = ("train", "val", "test")
ORDERS = 500  # random orders tried by group
STEPS = 100_000  # assignments tried in all (0.2 s): with many groups, fewer orders come just as near

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Parts:
    """A written split (parquet: path, sha256, label, group, split) of the images below ``root``, in numbers."""

    path: Path
    digest: str
    root: Path
    train: int
    val: int
    test: int
    groups: int
    shared_groups: int  # groups in more than one set: 0 unless the split is by image


def divide(rows: pd.DataFrame, split: Split) -> pd.DataFrame:
    """``rows`` of a manifest (path, sha256, label, group) with the column ``split``: train, val or test; by path.

    The order of ``rows`` doesn't matter. Raises DataError where a set would lack a class, or a label is missing.
    """
    columns = ["path", "sha256", "label", "group"]
    rows = rows[columns].sort_values("path", ignore_index=True)
    _check_labels(rows)
    chosen = _by_group(rows, split) if split.by == "group" else _by_image(rows, split)
    divided = rows.assign(split=chosen.astype("string"))
    _check_classes(divided, split)
    if split.by == "group" and (shared_groups(divided) or divided["split"].isna().any()):
        raise AssertionError("a group is in two sets, or in none")  # a bug of ours, nobody's mistake
    return divided


def shared_groups(divided: pd.DataFrame) -> int:
    """How many groups are in more than one set."""
    return int((divided.groupby("group")["split"].nunique() > 1).sum())


def parts_of(divided: pd.DataFrame, path: Path, root: Path) -> Parts:
    """The summary that stages exchange of ``divided``, once it is written to ``path``."""
    counts = divided["split"].value_counts()
    return Parts(
        path=path,
        digest=digest_of(sorted(divided[["sha256", "label", "group", "split"]].itertuples(index=False, name=None))),
        root=root,
        **{name: int(counts[name]) for name in SETS},
        groups=int(divided["group"].nunique()),
        shared_groups=shared_groups(divided),
    )


def _by_group(rows: pd.DataFrame, split: Split) -> pd.Series:
    """Each group to a set: of many random orders, the one whose shares come nearest to the ratio."""
    table = pd.crosstab(rows["group"], rows["label"])  # sorted by group
    weights = np.column_stack([table.to_numpy(float), np.ones(len(table))])
    weights /= weights.sum(axis=0)  # share of each class, and of the groups
    draw = random.Random(split.seed)
    orders = [_shuffled(len(table), draw) for _ in range(max(1, min(ORDERS, STEPS // len(table))))]
    best = min((_fill(weights, order, split.ratio) for order in orders), key=lambda c: _distance(weights, c, split))
    names = {group: SETS[chosen] for group, chosen in zip(table.index, best, strict=True)}
    return rows["group"].map(names)


def _shuffled(count: int, draw: random.Random) -> list[int]:
    order = list(range(count))
    draw.shuffle(order)
    return order


def _fill(weights: Matrix, order: Iterable[int], ratio: tuple[float, ...]) -> list[int]:
    """The set (0-2) of each group: each in turn goes where, relative to its target, most of what it brings is missing.

    ``weights``: (groups, classes + 1), shares of the whole. Plain numbers: NumPy is slower on rows of three.
    """
    lists = weights.tolist()
    missing = [[1.0] * len(lists[0]) for _ in ratio]  # share of its target that each set still lacks
    chosen = [0] * len(lists)
    for group in order:
        brings = lists[group]
        needs = [_need(lacks, brings) for lacks in missing]
        best = needs.index(max(needs))
        chosen[group] = best
        missing[best] = [m - b / ratio[best] for m, b in zip(missing[best], brings, strict=True)]
    return chosen


def _need(lacks: list[float], brings: list[float]) -> tuple[int, float]:
    """How much a set wants a group: first for a class that it has none of, then for the share that it still lacks."""
    pairs = list(zip(lacks, brings, strict=True))
    return sum(m == 1.0 and b > 0 for m, b in pairs[:-1]), sum(m * b for m, b in pairs)


def _distance(weights: Matrix, chosen: list[int], split: Split) -> tuple[int, float]:
    """How far from the ratio: sets that lack a class first, then the greatest deviation of a share."""
    shares = np.stack([weights[np.array(chosen) == s].sum(axis=0) for s in range(len(SETS))])
    lacking = int((shares[:, :-1] == 0).sum())
    return lacking, float(np.abs(shares - np.array(split.ratio)[:, None]).max())


def _by_image(rows: pd.DataFrame, split: Split) -> pd.Series:
    """Every image for itself, class by class: file by file what splitfolders.ratio does with the same seed."""
    sets = pd.Series(SETS[2], index=rows.index)
    names = [file_at(Path(), path).parts for path in rows["path"]]  # sorted folder by folder, as files are called
    for _, members in rows.groupby("label"):
        order = sorted(members.index, key=names.__getitem__)
        random.Random(split.seed).shuffle(order)
        train = int(split.ratio[0] * len(order))
        val = train + int(split.ratio[1] * len(order))
        sets[order[:train]], sets[order[train:val]] = SETS[0], SETS[1]
    return sets


def _check_labels(rows: pd.DataFrame) -> None:
    unknown = rows.loc[rows["label"].isna(), "path"]
    if len(unknown) or rows.empty:
        raise DataError(
            f"{len(unknown):,} of {len(rows):,} images have no label: {', '.join(unknown[:3])}",
            "Training needs a folder a class: move the images into folders named like data.classes.",
        )


def _check_classes(divided: pd.DataFrame, split: Split) -> None:
    """Each set needs each class, and two classes there must be."""
    table = pd.crosstab(divided["label"], divided["split"]).reindex(columns=list(SETS), fill_value=0)
    if len(table) >= 2 and (table.to_numpy() > 0).all():
        return
    unit = "groups" if split.by == "group" else "images"
    column = "group" if split.by == "group" else "path"
    counts = divided.groupby("label")[column].nunique()
    have = ", ".join(f"{label} {count:,}" for label, count in counts.items())
    raise DataError(
        f"Training, validation and test set each need both classes, but there are too few {unit}: {have}",
        f"Each class needs at least 3 {unit}, better 20; add images"
        + (", or set split.by=image, which lets a patient into two sets." if split.by == "group" else "."),
    )
