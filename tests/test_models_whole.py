"""Training a whole network: how many passes it takes where nobody says."""

import subprocess
import sys
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
    train = Train.model_validate({"batch_size": 16, "seed": 1, "label_smoothing": 0, **recipe})
    (row,) = fit(compact(32), pixels_of(images, Augment(), train), images, train, 1, Checkpoint.of(tmp_path, 16)).rows
    expected = np.log(2) * (0.25 if "loss" in recipe else 1)
    assert row["loss"] == pytest.approx(expected, rel=1e-4)


CELLS = """
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.models import memory, whole
from smearflow.models.batches import batches, in_order
from smearflow.models.child import import_keras
from smearflow.models.fitted import Labelled
from smearflow.models.pixels import Decoded
from smearflow.settings import Augment

IMAGES, SIZE = 16_000, 64  # 197 MB
limit, folder = int(sys.argv[1]), Path(sys.argv[2])
whole.available = lambda: limit
import_keras(1, 1)


def decoded():
    for at in range(0, IMAGES, 200):
        yield Decoded(np.full((200, SIZE, SIZE, 3), at // 200, np.uint8), (None,) * 200)


def taken():  # MiB of memory that isn't a file's
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon"))) / 1024


def one_pass(pixels):
    feed = batches(Labelled(pixels, np.arange(len(pixels)) % 2 == 0), Augment(), 100, 1)
    for batch, _ in feed.take(len(pixels) // 100):
        pass
    return sum(float(batch[:, 0, 0, 0].numpy().sum()) for batch in in_order(pixels))


one_pass(np.zeros((400, SIZE, SIZE, 3), np.uint8))
before = taken()
rows = pd.DataFrame({"path": "p", "split": ["train"] * IMAGES})
pixels, kept = whole.gather(decoded(), rows, SIZE, folder)
total = one_pass(pixels["train"])
print("grown", taken() - before, total == 200 * sum(range(IMAGES // 200)), len(kept))
"""


@pytest.mark.parametrize(("limit", "on_disk"), [pytest.param(10**9, False, marks=pytest.mark.soak), (10**8, True)])
def test_pixels_that_take_more_than_a_quarter_of_the_memory_lie_on_the_disk(limit, on_disk, tmp_path):
    told = [sys.executable, "-c", CELLS, str(limit), str(tmp_path)]
    done = subprocess.run(told, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    decoded, grown = done.stdout.splitlines()
    assert decoded == "decoded 16,000/16,000" + (", onto the disk" if on_disk else "")
    _, mib, same, rows = grown.split()
    assert (float(mib) < 80) == on_disk
    assert (same, rows) == ("True", "16000")
    assert list(tmp_path.iterdir()) == []
