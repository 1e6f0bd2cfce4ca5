"""Which images train, which validate, which test: by group, so that no patient is in two sets."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.clusters import tied
from smearflow.data.sources import file_at
from smearflow.errors import DataError
from smearflow.settings import Split
from smearflow.workspace import digest_of

SETS = ("train", "val", "test")
GUARDED = ("test", "val", "train")  # of copies that patients of two sets hold, the one in the first of these stays
ORDERS = 500  # random orders tried by group
STEPS = 100_000  # assignments tried in all (0.2 s): with many groups, fewer orders come just as near
COLUMNS = ["path", "sha256", "label", "group"]
OPEN = -1  # the set of a unit that has none yet

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Parts:
    """A written split (parquet: path, sha256, label, group, split) of the images below ``root``, in numbers.

    Where training images don't all count the same, it has the column weight, 1 on average.
    """

    path: Path
    digest: str
    root: Path
    train: int
    val: int
    test: int
    groups: int
    shared_groups: int  # groups in more than one set: 0 unless the split is by image
    shared_duplicates: int  # images of which more than one set has a copy: 0 unless the split is by image
    left_out: int  # copies of images in another set, whose patients can't be moved any more


def divide(rows: pd.DataFrame, split: Split, held: Mapping[str, str] | None = None) -> pd.DataFrame:
    """``rows`` of a manifest (path, sha256, label, group) with the column ``split``: train, val or test; by path.

    ``held``: the sets that groups were given earlier, and keep. By group, copies of one image (the same sha256, or the
    same ``cluster`` where there is that column) stay in one set: groups that share one go together, and where they
    are held apart, the copy in the most guarded set stays and the others are left out. The order of ``rows`` doesn't
    matter. Raises DataError where a set would lack a class, or a label is missing.
    """
    columns = COLUMNS + (["cluster"] if "cluster" in rows else [])
    rows = rows[columns].sort_values("path", ignore_index=True)
    _check_labels(rows)
    chosen = _by_group(rows, split, held or {}) if split.by == "group" else _by_image(rows, split)
    divided = rows.assign(split=chosen.astype("string"))
    if split.by == "group":
        divided = _without_strays(divided)
    _check_classes(divided, split)
    if split.by == "group" and (shared_groups(divided) or shared_duplicates(divided) or divided["split"].isna().any()):
        raise AssertionError("a group or an image is in two sets, or in none")  # a bug of ours, nobody's mistake
    return divided


def shared_groups(divided: pd.DataFrame) -> int:
    """How many groups are in more than one set."""
    return int((divided.groupby("group")["split"].nunique() > 1).sum())


def shared_duplicates(divided: pd.DataFrame) -> int:
    """How many images have a copy, exact or near, in more than one set."""
    return int((divided["split"].groupby(_copies(divided)).nunique() > 1).sum())


def parts_of(divided: pd.DataFrame, path: Path, root: Path, left_out: int = 0) -> Parts:
    """The summary that stages exchange of ``divided``, once it is written to ``path``."""
    counts = divided["split"].value_counts()
    told = ["sha256", "label", "group", "split"] + (["weight"] if "weight" in divided else [])
    return Parts(
        path=path,
        digest=digest_of(sorted(divided[told].itertuples(index=False, name=None))),
        root=root,
        **{name: int(counts[name]) for name in SETS},
        groups=int(divided["group"].nunique()),
        shared_groups=shared_groups(divided),
        shared_duplicates=shared_duplicates(divided),
        left_out=left_out,
    )


def sets_of(divided: pd.DataFrame) -> dict[str, str]:
    """The set of each group, the groups in order."""
    first = divided.drop_duplicates("group").sort_values("group")
    return dict(zip(first["group"], first["split"], strict=True))


def _copies(rows: pd.DataFrame) -> pd.Series:
    """What each row is a copy of: equal for the same bytes, and for one cluster of near-duplicates."""
    clusters = rows["cluster"] if "cluster" in rows else pd.Series(pd.NA, index=rows.index, dtype="string")
    return tied(rows["sha256"], clusters)


def _without_strays(divided: pd.DataFrame) -> pd.DataFrame:
    """``divided`` without the copies of images that a more guarded set has too."""
    rank = divided["split"].map({name: place for place, name in enumerate(GUARDED)})
    return divided[rank == rank.groupby(_copies(divided)).transform("min")].reset_index(drop=True)


def _by_group(rows: pd.DataFrame, split: Split, held: Mapping[str, str]) -> pd.Series:
    """Each group to a set: where it is held, else with whom it shares a copy, else by draw."""
    units = tied(rows["group"], _copies(rows))
    drawn = _drawn(rows["label"], rows["group"], units, split, _held_units(rows["group"], units, held))
    sets = [held.get(group) or drawn[unit] for group, unit in zip(rows["group"], units, strict=True)]
    return pd.Series(sets, index=rows.index)


def _held_units(groups: pd.Series, units: pd.Series, held: Mapping[str, str]) -> dict[str, str]:
    """The set of each unit that has groups which are held: the most guarded of theirs."""
    found: dict[str, str] = {}
    pairs = pd.DataFrame({"group": groups, "unit": units}).drop_duplicates()
    for group, unit in zip(pairs["group"], pairs["unit"], strict=True):
        if group in held:
            found[unit] = min(held[group], found.get(unit, held[group]), key=GUARDED.index)
    return found


def _drawn(
    labels: pd.Series, groups: pd.Series, units: pd.Series, split: Split, known: Mapping[str, str]
) -> dict[str, str]:
    """The set of each unit: of many random orders of those not ``known``, the one that comes nearest to the ratio."""
    names, weights = _weights(labels, groups, units)
    start = [SETS.index(known[unit]) if unit in known else OPEN for unit in names]
    new = [place for place, chosen in enumerate(start) if chosen == OPEN]
    draw = random.Random(split.seed)
    orders = [_shuffled(new, draw) for _ in range(max(1, min(ORDERS, STEPS // max(1, len(new)))))] if new else [[]]
    filled = (_fill(weights, order, split.ratio, start) for order in orders)
    best = min(filled, key=lambda chosen: _distance(weights, chosen, split))
    return {unit: SETS[chosen] for unit, chosen in zip(names, best, strict=True)}


def _weights(labels: pd.Series, groups: pd.Series, units: pd.Series) -> tuple[list[str], Matrix]:
    """The units in order, and what each has: its share of each class, and of the groups: (units, classes + 1)."""
    unit, names = pd.factorize(units, sort=True)
    label, classes = pd.factorize(labels, sort=True)
    counts = np.zeros((len(names), len(classes) + 1))
    np.add.at(counts, (unit, label), 1)
    counts[:, -1] = np.bincount(unit[~groups.duplicated()], minlength=len(names))
    return list(names), counts / counts.sum(axis=0)


def _shuffled(places: Sequence[int], draw: random.Random) -> list[int]:
    order = list(places)
    draw.shuffle(order)
    return order


def _fill(weights: Matrix, order: Iterable[int], ratio: tuple[float, ...], start: Sequence[int]) -> list[int]:
    """The set (0-2) of each unit: each in turn goes where, relative to its target, most of what it brings is missing.

    ``weights``: (units, classes + 1), shares of the whole; ``start``: the sets of those that have one, OPEN for those
    in ``order``. Plain numbers: NumPy is slower on rows of three.
    """
    lists, shares = weights.tolist(), _shares(weights, start).tolist()
    missing = [[1 - s / r for s in row] for row, r in zip(shares, ratio, strict=True)]  # of its target, in each set
    chosen = list(start)
    for unit in order:
        brings = lists[unit]
        needs = [_need(lacks, brings) for lacks in missing]
        best = needs.index(max(needs))
        chosen[unit] = best
        missing[best] = [m - b / ratio[best] for m, b in zip(missing[best], brings, strict=True)]
    return chosen


def _need(lacks: list[float], brings: list[float]) -> tuple[int, float]:
    """How much a set wants a unit: first for a class that it has none of, then for the share that it still lacks."""
    pairs = list(zip(lacks, brings, strict=True))
    return sum(m == 1.0 and b > 0 for m, b in pairs[:-1]), sum(m * b for m, b in pairs)


def _distance(weights: Matrix, chosen: list[int], split: Split) -> tuple[int, float]:
    """How far from the ratio: sets that lack a class first, then the greatest deviation of a share."""
    shares = _shares(weights, chosen)
    lacking = int((shares[:, :-1] == 0).sum())
    return lacking, float(np.abs(shares - np.array(split.ratio)[:, None]).max())


def _shares(weights: Matrix, chosen: Sequence[int]) -> Matrix:
    """What each set has of each column of ``weights``: (sets, columns)."""
    return np.stack([weights[np.array(chosen) == s].sum(axis=0) for s in range(len(SETS))])


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
    classes = divided["label"].nunique()
    if classes >= 2 and len(divided[["label", "split"]].drop_duplicates()) == classes * len(SETS):
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
