"""The operators by themselves: their strengths, in the lecture's units, and how far they make cells that can exist."""

import dataclasses

import pytest

from smearflow.models.augmentation import Changes
from smearflow.models.operators import LECTURE, OPERATORS, Operator, doubts, shown, strengths
from smearflow.settings import Augment


def operator(setting: str) -> Operator:
    return next(each for each in OPERATORS if each.setting == setting)


def labels(setting: str, augment: Augment) -> list[str]:
    return [step.label for step in strengths(operator(setting), augment)]


def test_every_setting_of_augmentation_is_an_operator() -> None:
    assert {each.setting for each in OPERATORS} == set(Augment.model_fields)


def test_strengths_go_from_the_lowest_value_to_the_highest() -> None:
    assert labels("rotation", LECTURE) == ["−90°", "−60°", "−30°", "0°", "30°", "60°", "90°"]
    assert labels("brightness", LECTURE) == ["0.1", "0.233", "0.367", "0.5", "0.633", "0.767", "0.9"]
    assert labels("vertical_flip", LECTURE) == ["as it is", "mirrored"]
    assert labels("quarter_turns", LECTURE) == ["0°", "90°", "180°", "270°"]


def test_a_zoom_ends_with_the_most_unlike_axes_as_each_is_drawn_for_itself() -> None:
    steps = strengths(operator("zoom"), LECTURE)
    assert [step.label for step in steps] == ["0.5", "0.75", "1", "1.25", "1.5", "0.5 × 1.5", "1.5 × 0.5"]
    assert steps[-1].values == {"zoom_width": 1.5, "zoom_height": 0.5}


def test_an_operator_that_is_off_is_shown_as_the_lecture_has_it() -> None:
    shear = operator("shear")
    assert not shear.on(Augment())
    assert shown(shear, Augment()) == LECTURE
    assert labels("shear", Augment())[-1] == "45°"
    assert labels("shear", Augment(shear=10))[-1] == "10°"


def test_strengths_set_what_can_be_applied() -> None:
    fields = {field.name for field in dataclasses.fields(Changes)}
    assert all(set(step.values) <= fields for each in OPERATORS for step in strengths(each, LECTURE))


def test_our_own_values_stay_within_what_real_cells_show() -> None:
    assert doubts(Augment()) == ()


def test_the_lecture_goes_beyond_it_with_five_operators() -> None:
    beyond = [each.setting for each in OPERATORS if each.doubtful(LECTURE)]
    assert beyond == ["width_shift", "height_shift", "brightness", "shear", "zoom"]
    assert doubts(LECTURE)[2] == "Brightness from 0.1 to 0.9: plausible is 0.7 to 1.2."
    assert doubts(LECTURE)[3] == "Shear from −45 to 45: plausible is −20 to 20."


@pytest.mark.parametrize("setting", ["rotation", "horizontal_flip", "vertical_flip", "quarter_turns"])
def test_turns_and_mirrors_are_never_doubtful_as_cells_lie_anyhow(setting: str) -> None:
    assert not operator(setting).doubtful(Augment(rotation=180))
