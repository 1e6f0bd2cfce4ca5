"""What a training step of `compact` takes: as this project takes it, and as Keras can be told to.

    .venv/bin/python -m benchmarks.step [--steps 60] [--rounds 5] [--size 96]

The same network on the same augmented batches of 32 random pictures, on all cores: plain Keras fit; fit with
jit_compile; both in bfloat16, where the processor multiplies that faster; and the policy that training chooses here.
The variants take turns, round by round, each compiled before; the best round of each counts, against a busy machine.
"""

import argparse
import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from smearflow.models.batches import pixels_of
from smearflow.models.child import import_keras
from smearflow.models.fitted import Labelled
from smearflow.models.networks import compact
from smearflow.models.precision import computing_in, policy
from smearflow.models.whole import WEIGHT_DECAY
from smearflow.settings import Augment, Train


@dataclass(frozen=True)
class Variant:
    """A way to take a step."""

    name: str
    policy: str
    jit: bool


def variants() -> tuple[Variant, ...]:
    """Ours last. bfloat16 where there is something to gain by it."""
    chosen = policy(Train().mixed_precision)
    found = [Variant("Keras fit", "float32", False), Variant("Keras fit, jit_compile", "float32", True)]
    if chosen != "float32":
        found += [Variant(f"Keras fit, {chosen}", chosen, False), Variant("the same, jit_compile", chosen, True)]
    return (*found, Variant("ours", chosen, False))


def network_of(variant: Variant, size: int) -> Any:
    import keras

    with computing_in(variant.policy):
        network = compact(size)
    network.compile(
        optimizer=keras.optimizers.AdamW(1e-3, weight_decay=WEIGHT_DECAY),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=variant.jit,
    )
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=96)
    given = parser.parse_args()
    import_keras(os.cpu_count() or 1, seed=1)
    draw, train = np.random.default_rng(1), Train()
    images = train.batch_size * given.steps
    pixels = draw.integers(0, 256, (images, given.size, given.size, 3), dtype=np.uint8)
    some = Labelled(pixels, draw.integers(0, 2, images).astype(bool))
    networks = {variant: network_of(variant, given.size) for variant in variants()}
    best = dict.fromkeys(networks, float("inf"))
    for number in range(given.rounds + 1):
        for variant, network in networks.items():
            images_of_it = pixels_of(some, Augment(), train).batches(0)
            start = time.perf_counter()
            network.fit(images_of_it, steps_per_epoch=given.steps, verbose=0)
            if number:  # the first compiles
                best[variant] = min(best[variant], (time.perf_counter() - start) / given.steps)
    fastest, ours = min(best.values()), best[variants()[-1]]
    for variant, seconds in best.items():
        print(f"{variant.name:<32} {1000 * seconds:6.1f} ms a step, {train.batch_size / seconds:6,.0f} images/s")
    print(f"ours at {fastest / ours:.2f} of the fastest")


if __name__ == "__main__":
    main()
