"""What the lecture says of its models, and how its epochs are scaled."""

import pytest

from smearflow.models.backbones import find
from smearflow.models.lecture_figures import EPOCHS, LECTURE, lecture_model, scaled_epochs


def test_every_model_of_the_lecture_can_be_trained_here() -> None:
    assert [find(row.name).name for row in LECTURE] == [row.name for row in LECTURE]


@pytest.mark.parametrize(
    ("name", "scale", "epochs"),
    [("simple_cnn", 1, 30), ("VGG16", 1, 10), ("MobileNetV2", 0.1, 3), ("VGG19", 0.1, 1), ("VGG16", 0.01, 1)],
)
def test_epochs_are_scaled_honestly_and_never_to_nothing(name: str, scale: float, epochs: int) -> None:
    assert scaled_epochs(name, scale) == epochs


def test_a_network_that_it_does_not_train_has_its_input_and_epochs() -> None:
    assert (lecture_model("ResNet50").input_size, lecture_model("ResNet50").epochs) == (224, EPOCHS)


def test_a_second_model_of_a_name_stands_beside_the_same_row() -> None:
    assert lecture_model("VGG16 2") == lecture_model("VGG16")
