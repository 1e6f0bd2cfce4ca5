"""A linear head finds what separates two classes, whatever the scale of the features (6 s: Keras)."""

import numpy as np
import pytest

from smearflow.models.fitted import Labelled
from smearflow.models.heads import fit_head


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
