"""How bounds are computed and written."""

import pytest

from expectations.rule import mostly, percent


def test_a_budget_is_exact_at_its_bound() -> None:
    assert all(mostly(k / 100) == (100 - k) / 100 for k in range(101))


@pytest.mark.parametrize(("share", "text"), [(0.05, "5 %"), (0.1475, "14.8 %"), (0.005, "0.5 %"), (1, "100 %")])
def test_a_share_is_written_as_people_do(share: float, text: str) -> None:
    assert percent(share) == text
