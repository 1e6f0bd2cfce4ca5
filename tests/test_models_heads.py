"""A linear head finds what separates two classes, whatever the scale of the features."""

from pathlib import Path

import keras
import numpy as np
import pytest

from smearflow.models.fitted import Labelled
from smearflow.models.heads import PRIOR, RATE, Adam, fit_head
from smearflow.progress import counted


def drawn(seed: int, images: int = 400) -> Labelled:
    """Three features: one that tells the classes apart on a tiny scale, noise on a large one, and a constant."""
    draw = np.random.default_rng(seed)
    positive = draw.random(images) < 0.5
    telling = 1e-3 * (positive + draw.normal(0, 0.3, images)) + 7
    inputs = np.stack([telling, 1e4 * draw.normal(0, 1, images), np.full(images, 3.0)], axis=1)
    return Labelled(inputs.astype(np.float32), positive)


def test_a_head_on_raw_features_says_what_its_last_epoch_measured() -> None:
    validation = drawn(1)
    head, curves = fit_head(drawn(0), validation, epochs=20)
    probability = head.probability(validation.inputs)
    accuracy = float(np.mean((probability >= 0.5) == validation.positive))
    assert accuracy == pytest.approx(curves[-1]["val_accuracy"], abs=0.01)
    assert accuracy > 0.9
    assert curves[-1]["val_auc"] > 0.97
    assert head.kernel.shape == (3,)


def test_probabilities_stay_finite_far_from_the_boundary() -> None:
    head, _ = fit_head(drawn(0), drawn(1), epochs=1)
    far = head.probability(np.array([[1e6, 0, 0], [-1e6, 0, 0]], np.float32))
    assert np.isfinite(far).all()


def test_an_epoch_is_a_line_that_a_progress_bar_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    _, curves = fit_head(drawn(0), drawn(1), epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [counted(line) for line in lines] == [("epoch", 1, 2), ("epoch", 2, 2)]
    assert lines[1].endswith(f"val_auc {curves[1]['val_auc']:.4f}")


def test_two_fits_are_equal_bit_for_bit_and_memory_maps_will_do(tmp_path: Path) -> None:
    training = drawn(0)
    np.save(tmp_path / "features.npy", training.inputs)
    mapped = Labelled(np.load(tmp_path / "features.npy", mmap_mode="r"), training.positive)
    (one, curves), (other, again) = (fit_head(each, drawn(1), epochs=3) for each in (training, mapped))
    assert np.array_equal(one.kernel, other.kernel) and one.bias == other.bias
    assert curves == again


def test_the_steps_are_those_of_keras_adam_with_a_cosine() -> None:
    ours, theirs = Adam(3, steps=20), keras.Variable(np.zeros(3, np.float32))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, 20))
    for gradient in np.random.default_rng(2).normal(0, 1, (20, 3)).astype(np.float32):
        ours.descend(gradient)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [theirs])
    assert np.allclose(ours.weights, theirs.numpy(), atol=1e-6)


def test_a_penalty_keeps_a_feature_that_tells_all_from_growing_for_ever() -> None:
    positive = np.arange(400) % 2 == 0
    certain = Labelled(positive.astype(np.float32).reshape(-1, 1), positive)
    head, curves = fit_head(certain, certain, epochs=200)
    assert curves[-1]["accuracy"] == 1.0
    assert 0 < head.kernel[0] < 400 / PRIOR
