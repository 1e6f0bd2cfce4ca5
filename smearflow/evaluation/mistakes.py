"""The mistakes that a model is surest of: broken labels, or what it hasn't understood."""

import pandas as pd


def confident_mistakes(test: pd.DataFrame, positive: str, threshold: float, count: int) -> pd.DataFrame:
    """Up to ``count`` rows of ``test`` whose class at ``threshold`` isn't their label, the surest first.

    ``test``: path, label, probability (0-1, of ``positive``), and what else should be kept. Added: ``kind`` (missed: a
    positive not found; false_alarm) and ``confidence`` (probability, 0-1, that the model gives the wrong class).
    Rows without a probability are no mistakes.
    """
    scored = test[test["probability"].notna()]
    truth, called = scored["label"] == positive, scored["probability"] >= threshold
    wrong = scored[truth != called]
    missed = wrong["label"] == positive
    wrong = wrong.assign(
        kind=missed.map({True: "missed", False: "false_alarm"}),
        confidence=wrong["probability"].where(~missed, 1 - wrong["probability"]),
    )
    return wrong.sort_values(["confidence", "path"], ascending=[False, True], ignore_index=True).head(count)
