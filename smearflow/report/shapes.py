"""The shapes of images: which are the most frequent, and how far from square they are."""

from dataclasses import dataclass

import pandas as pd

from smearflow.report.wording import count, percent

SHOWN = 5  # shapes in the table
CHANNELS = {"RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 4, "YCbCr": 3, "HSV": 3, "LAB": 3, "RGBa": 4, "La": 2}  # else 1


@dataclass(frozen=True)
class Shapes:
    """``most``: shape, images, share of all. ``distinct``: how many shapes there are; ``others``: images of the rest.

    ``words``: how far from square images are.
    """

    most: tuple[tuple[str, int, str], ...]
    distinct: int
    others: int
    words: str


def shapes(rows: pd.DataFrame) -> Shapes | None:
    """The shapes of ``rows``, of a manifest; None where there are none."""
    if rows.empty:
        return None
    channels = rows["mode"].map(CHANNELS).fillna(1).astype(int)
    names = rows["width"].astype(str) + " × " + rows["height"].astype(str) + " × " + channels.astype(str)
    tally = names.value_counts(sort=False).rename_axis("shape").reset_index(name="images")
    tally = tally.sort_values(["images", "shape"], ascending=[False, True])
    top = tally.head(SHOWN)
    most = tuple(
        (str(name), int(n), percent(n / len(rows))) for name, n in zip(top["shape"], top["images"], strict=True)
    )
    return Shapes(most, len(tally), len(rows) - int(top["images"].sum()), proportions(rows))


def proportions(rows: pd.DataFrame) -> str:
    """How far from square images are, in words."""
    ratio = (rows["width"] / rows["height"]).astype(float)
    low, fifth, middle, last, high = (f"{ratio.quantile(q):.2f}" for q in (0, 0.05, 0.5, 0.95, 1))
    square = int((ratio == 1).sum())
    return (
        f"{count(square)} of {count(len(rows))} ({percent(square / len(rows))}) are square. Width over height lies "
        f"between {low} and {high}, half of them up to {middle}, nine in ten between {fifth} and {last}."
    )
