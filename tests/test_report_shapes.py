"""Shapes: the most frequent first, and proportions in words."""

import pandas as pd

from smearflow.report.shapes import shapes


def rows(*sizes: tuple[int, int], mode: str = "RGB") -> pd.DataFrame:
    return pd.DataFrame({"width": [w for w, _ in sizes], "height": [h for _, h in sizes], "mode": mode})


def test_the_most_frequent_shapes_come_first_with_their_share_and_the_rest_is_counted() -> None:
    many = rows(*[(100, 100)] * 5, *[(90, 100)] * 3, *((50, 60 + n) for n in range(8)))
    found = shapes(many)
    assert found is not None
    assert found.most[:2] == (
        ("100 × 100 × 3", 5, "31.2\N{NO-BREAK SPACE}%"),
        ("90 × 100 × 3", 3, "18.8\N{NO-BREAK SPACE}%"),
    )
    assert (found.distinct, len(found.most), found.others) == (10, 5, 5)


def test_channels_follow_from_the_colour_mode() -> None:
    for mode, channels in (("L", 1), ("P", 1), ("I;16", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)):
        found = shapes(rows((10, 20), mode=mode))
        assert found is not None
        assert found.most[0][0] == f"10 × 20 × {channels}"


def test_proportions_say_how_many_are_square_and_how_far_the_others_are_from_it() -> None:
    found = shapes(rows((100, 100), (50, 100), (200, 100), (120, 100)))
    assert found is not None
    assert found.words.startswith(
        "1 of 4 (25.0\N{NO-BREAK SPACE}%) are square. Width over height lies between 0.50 and 2.00"
    )


def test_without_images_there_are_no_shapes() -> None:
    assert shapes(rows()) is None
