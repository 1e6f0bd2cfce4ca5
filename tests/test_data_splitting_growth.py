"""Dividing data that grow: nobody moves, sets stay apart, the test set only grows, each class stays near the ratio.

Dozens of data sets that grow in hundreds of random steps, as tables alone.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smearflow.data import splitting
from smearflow.data.ledger import Ledger, belonging, extended, read_ledger, write_ledger
from smearflow.data.splitting import SETS, divide, parts_of, sets_of, shared_duplicates, shared_groups
from smearflow.settings import Data, Split

CASES = 60


@pytest.fixture(autouse=True)
def fewer_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "ORDERS", 40)


def cells(draw: np.random.Generator, patients: range, copies: float = 0.0) -> pd.DataFrame:
    """New cells of ``patients``, of unequal numbers, a quarter of them healthy; the share ``copies`` are copies."""
    counts = draw.integers(6, 40, len(patients))
    owner = np.repeat(np.array([f"C{number}" for number in patients], object), counts)
    sick = np.repeat(np.array([number % 4 > 0 for number in patients], bool), counts) & (draw.random(len(owner)) < 0.6)
    label = np.where(sick, "sick", "well")
    names = [f"{draw.integers(1 << 60):016x}" for _ in owner]
    table = {"path": [f"{a}/{b}_{c}.png" for a, b, c in zip(label, owner, names, strict=True)]}
    frame = pd.DataFrame({**table, "sha256": names, "label": label, "group": owner}, dtype="string")
    copied = draw.random(len(frame)) < copies
    cluster = pd.Series([f"K{number}" for number in draw.integers(0, 30, len(frame))], dtype="string")
    return frame.assign(cluster=cluster.where(copied, pd.NA))


def growing(seed: int, copies: float = 0.0) -> Iterator[pd.DataFrame]:
    """A data set that gets new patients and new cells of known ones, and now and then loses some cells."""
    draw = np.random.default_rng(seed)
    known = int(draw.integers(12, 40))
    rows = cells(draw, range(known), copies)
    yield rows
    for _ in range(int(draw.integers(2, 5))):
        more = int(draw.integers(0, 15))
        old = sorted(draw.choice(known, 3, replace=False))
        rows = pd.concat(
            [
                rows,
                cells(draw, range(known, known + more), copies),
                *(cells(draw, range(o, o + 1), copies) for o in old),
            ]
        )
        rows = rows[draw.random(len(rows)) > 0.02]
        known += more
        yield rows.sample(frac=1, random_state=seed).reset_index(drop=True)


def deviation(divided: pd.DataFrame, split: Split) -> float:
    """The greatest distance of a class's share in a set from the ratio."""
    shares = pd.crosstab(divided["label"], divided["split"], normalize="index").reindex(
        columns=list(SETS), fill_value=0
    )
    return float(np.abs(shares.to_numpy() - split.ratio).max())


def in_test(ledger: Ledger) -> set[str]:
    """The groups that are in the test set."""
    return {group for group, chosen in ledger.sets.items() if chosen == "test"}


def settled(ledger: Ledger, divided: pd.DataFrame) -> Ledger:
    """The ledger after a run, as the next one reads it from disk."""
    write_ledger(extended(ledger, sets_of(divided)))
    return read_ledger(ledger.path, ledger.belongs)


def test_whatever_comes_nobody_moves_and_the_test_set_only_grows(tmp_path: Path) -> None:
    """The ledger is read from disk at every step, as every run does. In every other case some images are copies."""
    split, far = Split(), []
    for seed in range(CASES):
        copies = 0.01 * (seed % 2)
        ledger = read_ledger(tmp_path / f"{seed}.jsonl", belonging(Data(), split, f"case-{seed}"))
        for rows in growing(seed, copies):
            divided = divide(rows, split, ledger.sets)
            after = settled(ledger, divided)
            assert in_test(ledger) <= in_test(after)
            assert ledger.sets.items() <= after.sets.items() >= sets_of(divided).items()
            assert after.chain[: len(ledger.chain)] == ledger.chain
            assert shared_groups(divided) == shared_duplicates(divided) == 0
            assert copies or len(divided) == len(rows)
            ledger = after
        far += [] if copies else [deviation(divided, split)]
    assert np.median(far) < 0.03 and max(far) < 0.10


def test_patients_who_come_one_by_one_end_near_the_ratio() -> None:
    draw = np.random.default_rng(5)
    rows, held = cells(draw, range(12)), {}
    for patient in range(12, 60):
        divided = divide(rows, Split(), held)
        held |= sets_of(divided)
        rows = pd.concat([rows, cells(draw, range(patient, patient + 1))], ignore_index=True)
    assert deviation(divided, Split()) < 0.03


def test_what_a_ledger_holds_whole_is_divided_as_before() -> None:
    rows = cells(np.random.default_rng(1), range(30))
    first = divide(rows, Split())
    pd.testing.assert_frame_equal(divide(rows, Split(seed=99), sets_of(first)), first)


def test_patients_who_share_a_copy_go_together() -> None:
    rows = cells(np.random.default_rng(2), range(20))
    for first in (0, 7, 12):
        pair = rows["group"].isin([f"C{first}", f"C{first + 1}"])
        rows.loc[rows[pair].drop_duplicates("group").index, "cluster"] = f"K{first}"
    divided = divide(rows, Split())
    sets = sets_of(divided)
    assert len(divided) == len(rows)
    assert all(sets[f"C{first}"] == sets[f"C{first + 1}"] for first in (0, 7, 12))


def test_the_same_bytes_tie_like_a_near_copy_does() -> None:
    rows = cells(np.random.default_rng(2), range(20)).drop(columns="cluster")
    rows.loc[rows["group"].isin(["C3", "C11"]) & ~rows.duplicated("group"), "sha256"] = "0" * 64
    sets = sets_of(divide(rows, Split()))
    assert sets["C3"] == sets["C11"]


def test_a_new_patient_joins_whom_it_shares_a_copy_with() -> None:
    rows = cells(np.random.default_rng(3), range(20))
    held = sets_of(divide(rows, Split()))
    for old, chosen in held.items():
        more = pd.concat([rows, cells(np.random.default_rng(4), range(20, 21))], ignore_index=True)
        more.loc[more["group"].isin([old, "C20"]) & ~more.duplicated("group"), "cluster"] = "K"
        assert sets_of(divide(more, Split(), held))["C20"] == chosen


def test_of_copies_that_patients_held_apart_share_the_one_in_test_stays() -> None:
    rows = cells(np.random.default_rng(3), range(20))
    held = sets_of(divide(rows, Split()))
    of = {chosen: next(g for g, s in held.items() if s == chosen) for chosen in SETS}
    copied = rows[rows["group"].isin(of.values()) & ~rows.duplicated("group")]
    rows.loc[copied.index, "cluster"] = "K"
    divided = divide(rows, Split(), held)
    assert sets_of(divided) == held
    left_out = set(rows["path"]) - set(divided["path"])
    assert left_out == set(copied.loc[copied["group"] != of["test"], "path"])
    assert parts_of(divided, Path("p"), Path("r"), left_out=2).shared_duplicates == 0


def test_by_image_copies_in_two_sets_are_counted() -> None:
    rows = cells(np.random.default_rng(3), range(20), copies=0.2)
    parts = parts_of(divide(rows, Split(by="image")), Path("p"), Path("r"))
    assert parts.shared_duplicates > 10 and parts.shared_groups == 20
