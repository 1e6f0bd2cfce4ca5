"""How bounds are computed and written."""

from operator import attrgetter

import pytest

from expectations.contract import rules_of
from expectations.rule import Rule, mostly, percent
from smearflow.settings import Data, Quality, Settings


def test_a_budget_is_exact_at_its_bound() -> None:
    assert all(mostly(k / 100) == (100 - k) / 100 for k in range(101))


@pytest.mark.parametrize(("share", "text"), [(0.05, "5 %"), (0.1475, "14.8 %"), (0.005, "0.5 %"), (1, "100 %")])
def test_a_share_is_written_as_people_do(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_rule_needs_the_columns_that_it_names_anywhere() -> None:
    arguments = {"column_A": "width", "column_B": "height", "row_condition": 'label=="Parasitized"'}
    rule = Rule("s", "x", "b", "warning", "why.", "fix.", "ExpectColumnPairValuesToBeEqual", arguments=arguments)
    assert rule.columns_of(("path", "label", "width", "height", "mode")) == {"label", "width", "height"}
    assert rule.asks_for_labels


def test_the_settings_that_give_bounds_are_there() -> None:
    for rule in rules_of(Data(), Quality()):
        for key in rule.settings:
            attrgetter(key)(Settings())


def test_a_rule_whose_bound_can_be_moved_says_by_which_setting() -> None:
    fixed = {rule.sentence for rule in rules_of(Data(), Quality()) if not rule.settings}
    assert fixed == {
        "there are images",
        "every file can be used as an image of a cell",
        "no file is a copy of another",
        "every image is in colour",
        "every image that is used has a label",
        "no image waits for a label",
        "no image has two labels",
        "the images of a class are in one format",
    }
