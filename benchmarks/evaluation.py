"""How long figures with intervals take: `python -m benchmarks.evaluation`.

Drawn predictions of as many test images as a fifth of the public set has, 40 patients; every figure of a model with
10,000 resamples of patients; the same as a run has them; slices; a paired comparison.
"""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from smearflow.data.manifest import STATISTICS
from smearflow.evaluation.comparison import compare
from smearflow.evaluation.intervals import bootstrap
from smearflow.evaluation.metrics import measure
from smearflow.evaluation.scoring import arrays_of, score, scored
from smearflow.evaluation.slices import slices
from smearflow.settings import Evaluation

IMAGES, PATIENTS = 5_512, 40
RESAMPLES = 10_000
POSITIVE = "Parasitized"


def main() -> None:
    table, manifest = drawn()
    test = scored(table, "test")
    truth, probability = arrays_of(test, POSITIVE)
    how = Evaluation()
    print(f"{IMAGES:,} test images of {PATIENTS} patients, as many for validation")
    told(
        f"all figures, {RESAMPLES:,} resamples",
        lambda: bootstrap(lambda weights: measure(truth, probability, 0.5, weights), test["group"], RESAMPLES),
    )
    told(f"a model's scores, {how.bootstrap:,} resamples", lambda: score("drawn", "", table, POSITIVE, how))
    told(
        f"slices, {how.bootstrap:,} resamples",
        lambda: slices(test, manifest, POSITIVE, 0.5, how.bootstrap, how.slice_images),
    )
    told(
        f"paired comparison, {how.bootstrap:,} resamples",
        lambda: compare(table, test, (0.5, 0.5), POSITIVE, how.bootstrap),
    )


def told(what: str, work: Callable[[], object]) -> None:
    """Print how long ``work`` takes, the median of three times."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    print(f"{what:<42}{np.median(seconds):7.2f} s")


def drawn() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of validation and test images, whose patients have stains of their own, and their statistics."""
    draw = np.random.default_rng(0)
    count = 2 * IMAGES
    patient = draw.integers(0, PATIENTS, count) + PATIENTS * (np.arange(count) >= IMAGES)
    positive = draw.random(count) < 0.5
    logit = 3 * np.where(positive, 1, -1) + draw.normal(0, 0.5, 2 * PATIENTS)[patient] + draw.normal(0, 1.5, count)
    table = pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(count)],
            "sha256": [f"{number:064x}" for number in range(count)],
            "label": np.where(positive, POSITIVE, "Uninfected"),
            "group": [f"C{number}" for number in patient],
            "split": np.where(np.arange(count) < IMAGES, "val", "test"),
            "probability": 1 / (1 + np.exp(-logit)),
        }
    )
    statistics = {column.name: draw.normal(120, 20, count) for column in STATISTICS}
    sizes = {"width": draw.integers(80, 200, count), "height": draw.integers(80, 200, count)}
    return table, table[["path"]].assign(**sizes, **statistics)


if __name__ == "__main__":
    main()
