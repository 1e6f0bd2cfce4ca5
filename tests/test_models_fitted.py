"""Files that vanished between scan and training: a few are named and left out, many end the training."""

import numpy as np
import pandas as pd
import pytest

from smearflow.errors import TrainingError
from smearflow.models.fitted import NAMED, readable_rows, truth


def rows(count: int) -> pd.DataFrame:
    labels = ["Parasitized" if n % 4 == 0 else "Uninfected" for n in range(count)]
    return pd.DataFrame({"path": [f"{n}.png" for n in range(count)], "label": labels, "split": "train"})


def without(count: int, *lost: int) -> np.ndarray:
    readable = np.ones(count, bool)
    readable[list(lost)] = False
    return readable


def test_a_vanished_file_is_named_and_the_rest_is_counted_anew(capsys: pytest.CaptureFixture[str]) -> None:
    kept = readable_rows(rows(200), without(200, 3, 7))
    assert len(kept) == 198
    assert kept.index.tolist() == list(range(198))
    assert kept["path"].tolist()[3] == "4.png"
    assert capsys.readouterr().out == "".join(
        f"skipped {name}: it was readable in the scan, and isn't now\n" for name in ("3.png", "7.png")
    )


def test_more_than_one_in_a_hundred_is_no_accident() -> None:
    with pytest.raises(TrainingError, match=r"3 of 200 images can't be read any more, the first: 1.png") as caught:
        readable_rows(rows(200), without(200, 1, 2, 3))
    assert not caught.value.retryable
    assert "--fresh" in caught.value.fix


def test_of_very_many_only_some_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    readable_rows(rows(5000), without(5000, *range(40)))
    assert capsys.readouterr().out.count("skipped") == NAMED


def test_truth_is_that_of_one_set() -> None:
    table = rows(8).assign(split=["train"] * 5 + ["val"] * 3)
    assert truth("train", table, "Parasitized").tolist() == [True, False, False, False, True]
    assert truth("val", table, "Uninfected").tolist() == [True, True, True]
    assert truth("test", table, "Parasitized").tolist() == []
