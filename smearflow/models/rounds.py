"""Back to training: what is tried next where no model is good enough on validation.

First a longer recipe, then a short random search (Bergstra & Bengio, J. Mach. Learn. Res. 13, 2012) over what matters
most. Every round is drawn from its number and the seed, so that a run that is repeated finds its rounds in the cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from smearflow.models.backbones import find
from smearflow.models.plans import Plan
from smearflow.settings import Train

LONGER = 2  # times the epochs
VIEWS = 4  # of each training image, for heads on frozen layers
FEWEST = 10  # epochs that a network is trained for where nothing is set
RATES = (5e-4, 5e-3)  # of learning, drawn evenly on a logarithmic scale
SMOOTHINGS = (0.0, 0.03, 0.1)
FACTORS = (1, 2, 3)  # of the epochs


@dataclass(frozen=True)
class Round:
    """One more try. ``plans`` have labels of their own; ``how`` is what they are fitted by; ``says``: both in words."""

    number: int
    plans: tuple[Plan, ...]
    how: Train
    says: str


def next_round(number: int, plans: Sequence[Plan], how: Train) -> Round:
    """Round ``number``, from 1, after ``plans`` by ``how`` weren't enough. What can't be trained stays out."""
    tried = [plan for plan in plans if not plan.error and plan.lecture is None]
    if number == 1:
        says = f"{LONGER} times the epochs, and {VIEWS} views of each image for heads"
        return Round(number, tuple(_changed(plan, number, how, LONGER, VIEWS) for plan in tried), how, says)
    draw = np.random.default_rng((how.seed, number))
    rate = float(f"{np.exp(draw.uniform(*np.log(RATES))):.2g}")
    smoothing, factor = float(draw.choice(SMOOTHINGS)), int(draw.choice(FACTORS))
    weights = str(draw.choice(["none", "balanced"]))
    changes = {"learning_rate": rate, "label_smoothing": smoothing, "class_weights": weights}
    searched = how.model_copy(update=changes)
    says = f"learning rate {rate:g}, label smoothing {smoothing:g}, class weights {weights}, {factor} times the epochs"
    return Round(number, tuple(_changed(plan, number, how, factor, VIEWS) for plan in tried), searched, says)


def _changed(plan: Plan, number: int, how: Train, factor: int, views: int) -> Plan:
    """``plan`` for round ``number``: more epochs for a network that is trained whole, more views for a head."""
    if find(plan.model.name).frozen:
        changes: dict[str, int] = {"views": views}
    else:
        changes = {"epochs": factor * (plan.model.epochs or how.epochs or FEWEST)}
    return replace(plan, label=f"{plan.label} round {number + 1}", model=plan.model.model_copy(update=changes))
