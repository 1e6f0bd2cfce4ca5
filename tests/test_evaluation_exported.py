"""What an export keeps of a model: counted on the same images, with the same patients drawn."""

import numpy as np
import pandas as pd
import pytest

from smearflow.evaluation.exported import Deciding, kept_by


@pytest.fixture
def table() -> pd.DataFrame:
    """400 cells of 20 patients: a good model, the same in other bits, and one in coarse steps."""
    draw = np.random.default_rng(0)
    positive = draw.random(400) < 0.5
    probability = np.clip(np.where(positive, 0.8, 0.2) + draw.normal(0, 0.2, 400), 0, 1)
    return pd.DataFrame(
        {
            "label": np.where(positive, "sick", "healthy"),
            "group": [f"C{n % 20}" for n in range(400)],
            "keras": probability,
            "same": probability + 1e-9,
            "coarse": np.round(probability * 4) / 4,
        }
    )


def test_a_copy_loses_nothing_and_coarse_steps_lose_something(table: pd.DataFrame) -> None:
    kept = kept_by(table, "keras", ["same", "coarse"], Deciding("sick", 0.5), resamples=200)
    assert list(kept) == ["keras", "same", "coarse"]
    same, coarse = kept["same"], kept["coarse"]
    assert (same.lost.value, same.lost.low, same.lost.high, same.changed) == (0, 0, 0, 0)
    assert same.largest == pytest.approx(1e-9, rel=0.1)
    assert coarse.accuracy.value == pytest.approx(kept["keras"].accuracy.value - coarse.lost.value)
    assert coarse.lost.low <= coarse.lost.value <= coarse.lost.high
    assert coarse.changed > 0 and coarse.largest == pytest.approx(0.125, abs=0.01)
    assert coarse.auc.value < kept["keras"].auc.value


def test_the_paired_interval_is_narrower_than_that_of_the_accuracy(table: pd.DataFrame) -> None:
    coarse = kept_by(table, "keras", ["coarse"], Deciding("sick", 0.5), resamples=500)["coarse"]
    assert coarse.lost.high - coarse.lost.low < coarse.accuracy.high - coarse.accuracy.low


def test_who_becomes_unsure_has_changed_the_decision() -> None:
    how = Deciding("sick", 0.5, (0.4, 0.6))
    assert how.of(np.array([0.39, 0.4, 0.5, 0.59, 0.6])).tolist() == [0, 0.5, 0.5, 0.5, 1]
    table = pd.DataFrame({"label": ["sick", "healthy"], "group": ["a", "b"], "keras": [0.7, 0.1], "x": [0.55, 0.1]})
    kept = kept_by(table, "keras", ["x"], how, resamples=10)["x"]
    assert (kept.changed, kept.lost.value) == (1, 0)
