"""Pictures of anything but blood cells."""

import numpy as np

from smearflow.models.strangers import strangers


def test_there_are_four_kinds_the_same_for_the_same_seed() -> None:
    drawn, again = strangers(32, 3), strangers(32, 3)
    assert list(drawn) == ["photographs", "noise", "text", "blank"]
    assert all(each.shape == (3, 32, 32, 3) and each.dtype == np.uint8 for each in drawn.values())
    assert all(np.array_equal(drawn[kind], again[kind]) for kind in drawn)
    assert not np.array_equal(drawn["photographs"], strangers(32, 3, seed=1)["photographs"])


def test_what_is_blank_is_one_colour_and_nothing_else_is() -> None:
    drawn = strangers(32, 5)
    varies = {kind: np.ptp(each, axis=(1, 2)).max(axis=1) > 0 for kind, each in drawn.items()}
    assert not varies.pop("blank").any()
    assert all(each.all() for each in varies.values())
