"""What is compared between new cells and the champion's reference: figures of a cell, and their means by patient."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

# Odds that differ from the threshold's by less than this factor are a guess.
GUESS = float(np.e)
LEAST = 1e-6  # probability nearest to 0 and 1 that odds are taken of


@dataclass(frozen=True)
class Measure:
    """One figure: its name, what it means with its unit, its range, and the decimals that it is shown with.

    ``scale``: `log` where differences are ratios; its mean is then the geometric one. ``side``: `low` where only a fall
    is bad news.
    """

    name: str
    meaning: str
    range: tuple[float, float]
    digits: int = 1
    scale: Literal["plain", "log"] = "plain"
    side: Literal["both", "low"] = "both"

    def shown(self, mean: float) -> float:
        """A mean on the measure's scale, or a bound of it, in its own unit and within its range."""
        least, most = self.range
        return min(max(float(np.exp(mean)) if self.scale == "log" else float(mean), least), most)

    def words(self, value: float | None) -> str:
        """``value`` with its decimals."""
        return "not known" if value is None else f"{value:.{self.digits}f}"


GREY, SHARE, ANY = (0.0, 255.0), (0.0, 1.0), (0.0, float("inf"))
MEASURES = (
    Measure("brightness", "mean grey value over the cell, 0-255", GREY),
    Measure("red", "mean of the red channel over the cell, 0-255", GREY),
    Measure("green", "mean of the green channel over the cell, 0-255", GREY),
    Measure("blue", "mean of the blue channel over the cell, 0-255", GREY),
    Measure("red_minus_blue", "stain: red less blue over the cell, -255 to 255", (-255.0, 255.0)),
    Measure("contrast", "standard deviation of the grey value over the cell, 0-255", GREY, 2),
    Measure("sharpness", "variance of the Laplacian at 128 px, geometric mean", ANY, 2, scale="log"),
    Measure("foreground", "share of the crop that is cell, 0-1", SHARE, 3),
    Measure("size", "side of a square of the crop's area, pixels, geometric mean", ANY, scale="log"),
    Measure("probability", "the champion's probability of the positive class, 0-1", SHARE, 3),
    Measure("share_positive", "share of cells that the champion calls positive, 0-1", SHARE, 3),
    Measure("share_uncertain", "share of cells near the threshold (odds within a factor of 2.7), 0-1", SHARE, 3),
    Measure("share_right", "share of labelled cells that the champion calls by their label, 0-1", SHARE, 3, side="low"),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def measured(cells: pd.DataFrame, positive: str, threshold: float) -> pd.DataFrame:
    """Every measure of every cell, float64, on its scale; NaN where it isn't known. Same index as ``cells``.

    ``cells``: the manifest's statistics, width, height and label, and probability (0-1, of ``positive``).
    """
    plain = ["brightness", "red", "green", "blue", "contrast", "foreground"]
    found = cells[plain].astype("float64")
    found["red_minus_blue"] = found["red"] - found["blue"]
    found["sharpness"] = _log(cells["sharpness"].astype("float64").clip(lower=LEAST))
    found["size"] = _log(cells["width"].astype("float64") * cells["height"].astype("float64")) / 2
    return found.assign(**_answers(cells, positive, threshold))[[measure.name for measure in MEASURES]]


def _answers(cells: pd.DataFrame, positive: str, threshold: float) -> dict[str, pd.Series]:
    """What the champion says of each cell."""
    probability = cells["probability"].astype("float64")
    unknown = probability.isna()
    called = (probability >= threshold).astype("float64").mask(unknown)
    distance = (_log_odds(probability) - _log_odds(pd.Series([threshold])).iloc[0]).abs()
    truth = (cells["label"] == positive).astype("float64").mask(cells["label"].isna())
    right = (called == truth).astype("float64").mask(unknown | truth.isna().to_numpy())
    guessed = (distance < np.log(GUESS)).astype("float64").mask(unknown)
    return {"probability": probability, "share_positive": called, "share_uncertain": guessed, "share_right": right}


def _log_odds(probability: pd.Series) -> pd.Series:
    inside = probability.clip(LEAST, 1 - LEAST)
    return _log(inside / (1 - inside))


def _log(values: pd.Series) -> pd.Series:
    return pd.Series(np.log(values.to_numpy()), index=values.index)


def by_patient(values: pd.DataFrame, patients: pd.Series) -> pd.DataFrame:
    """The mean of each measure over each patient's cells: a row a patient. Cells without a patient are left out."""
    return values.groupby(patients.to_numpy()).mean()
