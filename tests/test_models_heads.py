"""A linear head finds what separates two classes, whatever the scale of the features."""

from pathlib import Path

import keras
import numpy as np
import pytest

from smearflow.models.curves import measured
from smearflow.models.fitted import Labelled
from smearflow.models.heads import LOSSES, PRIOR, RATE, Adam, fit_head
from smearflow.models.recipe import loss_of
from smearflow.progress import counted
from smearflow.settings import Train


def drawn(seed: int, images: int = 400) -> Labelled:
    """Three features: one that tells the classes apart on a tiny scale, noise on a large one, and a constant."""
    draw = np.random.default_rng(seed)
    positive = draw.random(images) < 0.5
    telling = 1e-3 * (positive + draw.normal(0, 0.3, images)) + 7
    inputs = np.stack([telling, 1e4 * draw.normal(0, 1, images), np.full(images, 3.0)], axis=1)
    return Labelled(inputs.astype(np.float32), positive)


def test_a_head_on_raw_features_says_what_its_last_epoch_measured() -> None:
    validation = drawn(1)
    fitted = fit_head(drawn(0), validation, epochs=20)
    head, curves = fitted.head, fitted.curves
    probability = head.probability(validation.inputs)
    accuracy = float(np.mean((probability >= 0.5) == validation.positive))
    assert accuracy == pytest.approx(curves[-1]["val_accuracy"], abs=0.01)
    assert accuracy > 0.9
    assert curves[-1]["val_auc"] > 0.97
    assert head.kernel.shape == (3,)


def test_probabilities_stay_finite_far_from_the_boundary() -> None:
    head = fit_head(drawn(0), drawn(1), epochs=1).head
    far = head.probability(np.array([[1e6, 0, 0], [-1e6, 0, 0]], np.float32))
    assert np.isfinite(far).all()


def test_an_epoch_is_a_line_that_a_progress_bar_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    curves = fit_head(drawn(0), drawn(1), epochs=2).curves
    lines = capsys.readouterr().out.splitlines()
    assert [counted(line) for line in lines] == [("epoch", 1, 2), ("epoch", 2, 2)]
    assert lines[1].endswith(f"val_auc {curves[1]['val_auc']:.4f}")


def test_two_fits_are_equal_bit_for_bit_and_memory_maps_will_do(tmp_path: Path) -> None:
    training = drawn(0)
    np.save(tmp_path / "features.npy", training.inputs)
    mapped = Labelled(np.load(tmp_path / "features.npy", mmap_mode="r"), training.positive)
    one, other = (fit_head(each, drawn(1), epochs=3) for each in (training, mapped))
    assert np.array_equal(one.head.kernel, other.head.kernel) and one.head.bias == other.head.bias
    assert one.curves == other.curves


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
    fitted = fit_head(certain, certain, epochs=200)
    assert fitted.curves[-1]["accuracy"] == 1.0
    assert 0 < fitted.head.kernel[0] < 400 / PRIOR


def test_copies_of_images_that_count_as_views_leave_the_head_where_it_was() -> None:
    training, validation = drawn(0), drawn(1)
    twice = Labelled(np.tile(training.inputs, (2, 1)), np.tile(training.positive, 2))
    alone = fit_head(training, validation, 200).head
    views = fit_head(twice, validation, 100, views=2).head
    assert np.allclose(views.logits(validation.inputs), alone.logits(validation.inputs), atol=0.1)


def test_balanced_classes_move_the_boundary_towards_the_many() -> None:
    training, validation = drawn(0, images=2000), drawn(1)
    few = training.positive & (np.arange(2000) % 8 > 0)  # an infected cell in nine is left
    rare = Labelled(training.inputs[~few], training.positive[~few])
    plain, fair = (fit_head(rare, validation, 20, Train(class_weights=each)) for each in ("none", "balanced"))
    found = [
        float((fit.head.probability(validation.inputs) >= 0.5)[validation.positive].mean()) for fit in (plain, fair)
    ]
    assert found[0] < found[1] > 0.9
    assert fair.curves[-1]["val_loss"] < plain.curves[-1]["val_loss"]


def test_it_stops_early_and_keeps_the_best_epochs_head() -> None:
    noise = np.random.default_rng(3).normal(0, 1, (60, 200)).astype(np.float32)  # there is nothing to learn
    training, validation = (Labelled(part, np.arange(30) % 2 == 0) for part in (noise[:30], noise[30:]))
    fitted = fit_head(training, validation, 50, Train(patience=3))
    losses = [row["val_loss"] for row in fitted.curves]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3 < 50
    assert measured(validation, fitted.head.logits(validation.inputs))["val_loss"] == losses[best]
    said = f"stopped early, after epoch {len(losses)} of 50: epoch {best + 1} had the lowest validation loss"
    assert fitted.note == f"{said}, these are its weights"
    assert fit_head(training, validation, 5).note is None


def test_a_constant_rate_and_the_focal_loss_lead_to_other_heads() -> None:
    changed = ({}, {"schedule": "constant"}, {"loss": "binary_focal_crossentropy"})
    heads = [fit_head(drawn(0), drawn(1), 20, Train.model_validate(each)) for each in changed]
    assert len({head.head.bias for head in heads}) == 3
    assert all(head.curves[-1]["val_auc"] > 0.97 for head in heads)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's tape gives the slopes")
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_slopes_are_those_of_keras(name: str) -> None:
    import tensorflow as tf

    logits, positive = np.linspace(-6, 6, 25), np.arange(25) % 2 == 0
    each = tf.Variable(logits.reshape(-1, 1))
    with tf.GradientTape() as tape:
        told = loss_of(Train(loss=name, label_smoothing=0))(positive.astype(float).reshape(-1, 1), each)
        loss = tf.reduce_mean(told)  # our own loss is told image by image, and Keras takes the mean in training
    losses, slopes = LOSSES[name](logits, positive)
    assert float(loss) == pytest.approx(float(losses.mean()), abs=1e-6)
    assert np.allclose(tape.gradient(loss, each)[:, 0] * 25, slopes, atol=1e-5)
