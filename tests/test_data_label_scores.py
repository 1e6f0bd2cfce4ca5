"""A score for each label: what judges say together, what copies say, and how many labels are wrong in all."""

import numpy as np
import pandas as pd
import pytest

from smearflow.data.label_scores import COLUMNS, chances, combined, copies_of, informed, label_scores

POSITIVE, NEGATIVE = "Parasitized", "Uninfected"
CELLS, WRONG = 1000, 50


def cells(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """CELLS cells of 20 patients, of which WRONG bear the other label, and the truth, bool (n,)."""
    truth = np.random.default_rng(seed).random(CELLS) < 0.5
    given = truth.copy()
    given[:WRONG] = ~given[:WRONG]
    table = pd.DataFrame(
        {
            "path": [f"{n:04}.png" for n in range(CELLS)],
            "sha256": [f"{n:064x}" for n in range(CELLS)],
            "label": np.where(given, POSITIVE, NEGATIVE),
            "group": [f"C{n % 20}" for n in range(CELLS)],
            "cluster": pd.Series([None] * CELLS, dtype="string"),
        }
    )
    return table, truth


def judge(truth: np.ndarray, seed: int, spread: float = 1.5) -> np.ndarray:
    """Probabilities of a judge that knows the truth but for some noise."""
    logits = np.where(truth, 3.0, -3.0) + np.random.default_rng(seed).normal(0, spread, len(truth))
    return 1 / (1 + np.exp(-logits))


def test_wrong_labels_come_first_and_two_judges_find_more_than_one() -> None:
    table, truth = cells()
    judges = pd.DataFrame({"heads": judge(truth, 1, 2.0), "compact": judge(truth, 2, 2.0)})
    scores, share = label_scores(table, judges, POSITIVE)
    alone, _ = label_scores(table, judges[["heads"]], POSITIVE)
    assert list(scores.columns) == [*COLUMNS, "judge_heads", "judge_compact"]
    assert scores["rank"].tolist() == list(range(1, CELLS + 1))
    assert scores["wrong"].is_monotonic_decreasing and scores["wrong"].between(0, 1).all()
    found, found_alone = (set(each["path"].head(WRONG)) & set(table["path"].head(WRONG)) for each in (scores, alone))
    assert len(found) > len(found_alone) and len(found) >= 0.9 * WRONG
    assert share.low < WRONG / CELLS < share.high
    assert scores["wrong"].mean() == pytest.approx(share.value, abs=1e-6)


def test_a_judge_that_could_not_say_leaves_it_to_the_others() -> None:
    table, truth = cells()
    said = judge(truth, 1)
    silent = np.where(np.arange(CELLS) < 200, np.nan, judge(truth, 2))
    said[7] = silent[7] = np.nan
    scores, share = label_scores(table, pd.DataFrame({"heads": said, "compact": silent}), POSITIVE)
    unknown = scores.set_index("path").loc["0007.png"]
    assert np.isnan(unknown["probability"])
    assert unknown["wrong"] == share.value  # nobody knows more of it than of any
    assert scores["probability"].notna().sum() == CELLS - 1


def test_a_copy_under_another_label_speaks_against_both() -> None:
    table, truth = cells()
    table.loc[[100, 101], "cluster"] = "a"
    table.loc[[200, 201, 202], "cluster"] = "b"
    table.loc[[100, 200, 201], "label"], table.loc[[101, 202], "label"] = POSITIVE, NEGATIVE
    table.loc[[300, 301], "cluster"], table.loc[[300, 301], "label"] = "c", POSITIVE
    others, copies = copies_of(table)
    assert others[[100, 101, 200, 202, 300, 400]] == pytest.approx([1 / 2, 1 / 2, 1 / 3, 2 / 3, 0, 0])
    assert copies[202] == "2 near-duplicates under another label, 0 under this one"
    assert copies[300] == "1 near-duplicate under this label" and pd.isna(copies[400])
    scores, _ = label_scores(table, pd.DataFrame({"heads": judge(truth, 1), "compact": judge(truth, 2)}), POSITIVE)
    assert scores.set_index("path").loc["0202.png", "wrong"] >= 2 / 3


def test_judges_together_are_calibrated_against_the_labels() -> None:
    _, truth = cells()
    given = truth ^ (np.random.default_rng(5).random(CELLS) < 0.1)
    logits = np.where(truth, 30.0, -30.0)[:, None]  # far too sure of itself
    assert np.abs(combined(logits, given)).max() < 5


def test_chances_come_to_the_share() -> None:
    against = np.random.default_rng(0).normal(-3, 2, 500)
    known = np.ones(500, bool)
    assert chances(against, known, 0.05).mean() == pytest.approx(0.05)
    assert chances(against, known, 0.0).max() < 1e-9


def test_a_judge_that_knows_nothing_has_no_word_in_how_many_labels_are_wrong() -> None:
    given = np.arange(400) % 2 == 0
    knows, guesses = given.copy(), np.random.default_rng(0).random(400) < 0.5
    knows[:20] = ~knows[:20]
    assert informed(np.stack([knows, guesses], axis=1), given).tolist() == [True, False]
    assert informed(guesses[:, None], given).tolist() == [True]  # there is nobody else to ask
