"""Back to training: what the next round changes, and that a repeated run finds the same rounds."""

from smearflow.models.plans import Plan
from smearflow.models.rounds import next_round
from smearflow.settings import Lecture, Model, Train

PLANS = (
    Plan("compact", Model(name="compact", epochs=14), None, None),
    Plan("MobileNetV2", Model(name="MobileNetV2"), None, None),
    Plan("VGG19", Model(name="VGG19"), None, None, error="no weights"),
    Plan("simple_cnn", Model(name="simple_cnn", recipe="lecture"), None, None, lecture=Lecture()),
)


def test_the_first_round_trains_longer_and_lets_heads_see_more_views() -> None:
    found = next_round(1, PLANS, Train())
    assert [plan.label for plan in found.plans] == ["compact round 2", "MobileNetV2 round 2"]
    compact, head = found.plans
    assert compact.model.epochs == 28 and head.model.views == 4 and head.model.epochs is None
    assert found.how == Train() and found.says == "2 times the epochs, and 4 views of each image for heads"


def test_what_can_not_be_trained_and_the_lectures_own_recipe_stay_out() -> None:
    assert {plan.label.split()[0] for plan in next_round(2, PLANS, Train()).plans} == {"compact", "MobileNetV2"}


def test_later_rounds_search_and_are_drawn_from_seed_and_number() -> None:
    second, third = next_round(2, PLANS, Train()), next_round(3, PLANS, Train())
    assert second.how != third.how and second.plans[0].label == "compact round 3"
    assert second == next_round(2, PLANS, Train())
    assert second.how != next_round(2, PLANS, Train(seed=1)).how
    assert f"learning rate {second.how.learning_rate:g}" in second.says
    Train.model_validate(second.how.model_dump())  # within the bounds of the settings
