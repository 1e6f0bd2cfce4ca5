"""The operating threshold, against trying every one of them."""

import numpy as np
import pytest

from smearflow.evaluation.thresholds import operating_threshold
from smearflow.settings import Evaluation


def validation(images: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(images) < 0.5
    return truth, np.clip(0.5 + shift + np.where(truth, 0.15, -0.15) + draw.normal(0, 0.15, images), 0, 1)


def balanced(truth: np.ndarray, probability: np.ndarray, threshold: float) -> tuple[float, float]:
    called = probability >= threshold
    sensitivity = float(called[truth].mean())
    return sensitivity, (sensitivity + float((~called[~truth]).mean())) / 2


@pytest.mark.parametrize("shift", [-0.2, 0.0, 0.2])
@pytest.mark.parametrize("least", [0.5, 0.9, 0.99])
def test_the_best_balanced_accuracy_among_those_that_keep_sensitivity(shift: float, least: float) -> None:
    truth, probability = validation(600, seed=1, shift=shift)
    chosen = operating_threshold(truth, probability, Evaluation(min_sensitivity=least))
    tried = [balanced(truth, probability, t) for t in np.unique(probability)]
    best = max([b for s, b in tried if s >= least] + [balanced(truth, probability, 0.5)[1]])
    assert balanced(truth, probability, chosen)[1] == pytest.approx(best)


def test_half_stays_a_candidate_though_it_misses_the_sensitivity() -> None:
    truth = np.repeat([True, False], 200)
    probability = np.concatenate([np.full(160, 0.9), np.full(40, 0.05), np.full(200, 0.1)])
    assert operating_threshold(truth, probability, Evaluation(min_sensitivity=0.9)) == 0.5  # 0.8 and 1.0


def test_too_few_positives_to_choose_by() -> None:
    truth, probability = validation(150, seed=2, shift=0.2)
    assert truth.sum() < 100
    assert operating_threshold(truth, probability, Evaluation()) == 0.5
    assert operating_threshold(truth, probability, Evaluation(min_positives=20)) != 0.5


def test_one_class_only_gives_half() -> None:
    assert operating_threshold(np.ones(300, bool), np.linspace(0, 1, 300), Evaluation()) == 0.5


def test_a_model_that_says_one_thing_gives_half() -> None:
    assert operating_threshold(np.repeat([True, False], 150), np.full(300, 0.7), Evaluation()) == 0.5


def test_no_image_lies_on_the_threshold() -> None:
    truth, probability = validation(600, seed=3, shift=0.2)
    chosen = operating_threshold(truth, probability, Evaluation())
    assert np.abs(probability - chosen).min() > 1e-9


def test_among_equals_the_one_nearest_to_half() -> None:
    truth = np.repeat([False, True], 150)
    assert operating_threshold(truth, np.where(truth, 0.8, 0.3), Evaluation()) == 0.5
