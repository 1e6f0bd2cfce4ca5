"""Training a whole network: how many passes it takes where nobody says."""

from pathlib import Path

import numpy as np
import pytest

from smearflow.models.batches import pixels_of
from smearflow.models.checkpoints import Checkpoint
from smearflow.models.fitted import Labelled
from smearflow.models.networks import compact
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import LEAST_STEPS, PASSES, fit, passes
from smearflow.settings import Augment, Model, Train


def spec(epochs=None):
    model = Model(name="compact", input_size=96, weights="random", epochs=epochs)
    here = Path()
    return TrainSpec(
        parts=here, root=here, classes=("a", "b"), positive="a", model=model, weights_file=None,
        augment=Augment(), train=Train(), out=here, threads=1,
    )  # fmt: skip


@pytest.mark.parametrize("images", [160, 947, 5628])
def test_few_images_get_more_passes_so_that_the_steps_are_enough(images):
    steps = -(-images // Train().batch_size)
    assert passes(spec(), images) * steps >= LEAST_STEPS
    assert passes(spec(), images) >= PASSES


def test_what_the_settings_say_holds():
    assert passes(spec(epochs=2), 160) == 2


@pytest.mark.parametrize(
    "recipe",
    [
        {"class_weights": "balanced"},
        {"loss": "binary_focal_crossentropy"},
        {"loss": "binary_focal_crossentropy", "class_weights": "balanced", "schedule": "constant"},
    ],
)
def test_the_first_step_of_a_recipe_is_from_the_loss_that_it_names(recipe, tmp_path):
    """Before the first step compact says 0.5 of every image, so that the loss is known."""
    pixels = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    images = Labelled(pixels, np.arange(16) < 4)  # a quarter is infected: they weigh 2, the others 2/3
    train = Train.model_validate({"batch_size": 16, "label_smoothing": 0, **recipe})
    (row,) = fit(compact(32), pixels_of(images, Augment(), 16, 1), images, train, 1, Checkpoint.of(tmp_path, 16)).rows
    expected = np.log(2) * (0.25 if "loss" in recipe else 1)
    assert row["loss"] == pytest.approx(expected, rel=1e-4)
