"""Training a whole network: how many passes it takes where nobody says."""

from pathlib import Path

import pytest

from smearflow.models.spec import TrainSpec
from smearflow.models.whole import LEAST_STEPS, PASSES, passes
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
