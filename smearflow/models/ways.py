"""Which way to learn in spite of wrong labels serves best: `python -m smearflow.models.ways SPEC.json`, a process.

A network learns from one half of the training patients by each way, and is asked about the other half. Labels are
wrong there too, and by them those ways look best that learn wrong labels. So an image counts there only if a person
decided about its label, or if models don't contradict it that never saw its patient; these are unlike the network, or
they would have its own mistakes. Hard images are rare among those: gains are smaller than they will be.
"""

import sys
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd

from smearflow.models.child import done_as_told, import_keras, say
from smearflow.models.features import stream_of
from smearflow.models.fitted import Array, Labelled
from smearflow.models.folds import folds_of, standard_error
from smearflow.models.halves import HALVES, said_of
from smearflow.models.recipe import in_spite
from smearflow.models.spec import ComparedWay, ComparedWays, TrainSpec, WaysSpec
from smearflow.models.whole import gather

NONE = "none"
WAYS = (NONE, "smoothing", "generalised_ce", "drop_suspects", "reweight")  # as in `labels.robust`
NORMAL = 1.96  # standard errors on either side of a 95 % interval


def main(arguments: list[str]) -> int:
    """Compare as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, WaysSpec, compare)


def compare(spec: WaysSpec) -> None:
    """Write result.json: ComparedWays."""
    import_keras(spec.network.threads, spec.network.train.seed)
    judged = pd.read_parquet(spec.judged)
    halves = folds_of(judged["group"], spec.network.train.seed, HALVES).astype(str)
    rows = judged.assign(split=halves)
    with stream_of(spec.network, rows) as stream:
        pixels, kept = gather(stream, rows, spec.network.input_size, spec.out)
    positive = (kept["label"] == spec.network.positive).to_numpy(bool)
    logits = logits_by_way(pixels, kept, positive, spec.network)
    counts = counting(kept, positive)
    right = {way: ((said >= 0) == positive)[counts] for way, said in logits.items()}
    ways = judged_ways(right, _patients(kept[counts]))
    result = ComparedWays(ways=ways, images=int(counts.sum()), judged=len(kept))
    (spec.out / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")


def logits_by_way(
    pixels: Mapping[str, Array], rows: pd.DataFrame, positive: Array, spec: TrainSpec
) -> dict[str, Array]:
    """What networks that learnt from the other half by each way say of ``rows``, float (n,) each.

    ``pixels``: uint8 (n, size, size, 3) of each half, which ``rows`` name in the column ``split``. Says how far it is.
    """
    logits = {way: np.empty(len(rows)) for way in WAYS}
    started, networks = time.monotonic(), [(way, half) for half in pixels for way in WAYS]
    for number, (way, half) in enumerate(networks, 1):
        (other,) = pixels.keys() - {half}
        asked, taught = ((rows["split"] == name).to_numpy(bool) for name in (half, other))
        how = spec.model_copy(update={"train": in_spite(spec.train, way)})
        training = by_way(way, Labelled(pixels[other], positive[taught]), rows[taught])
        logits[way][asked] = said_of(Labelled(pixels[half], positive[asked]), training, how, f"{half}-{way}")
        left = (time.monotonic() - started) / number * (len(networks) - number)
        say(f"ways {number}/{len(networks)} {way}, about {left:,.0f} s to go")
    return logits


def by_way(way: str, training: Labelled, rows: pd.DataFrame) -> Labelled:
    """``training``, of which ``rows`` tells what is said, as a ``way`` that is a choice of images has it."""
    if way == "drop_suspects":
        kept = ~rows["doubted"].to_numpy(bool)
        return Labelled(training.inputs[kept], training.positive[kept])
    if way == "reweight":
        return Labelled(training.inputs, training.positive, rows["weight"].to_numpy())
    return training


def counting(judged: pd.DataFrame, positive: Array) -> Array:
    """Which of ``judged`` have labels to measure by, bool (n,): decided by people, or not contradicted."""
    agreed = (judged["probability"] >= 0.5).to_numpy(bool) == positive
    counts: Array = agreed | judged["decided"].to_numpy(bool)
    return counts


def judged_ways(right: Mapping[str, Array], groups: Array) -> tuple[ComparedWay, ...]:
    """Each way's accuracy and gain over `none`. The best of those that are surely better is chosen, else `none`.

    ``right``: which images each way's networks called right, bool (n,); ``groups``: the patients of those images.
    """
    table = {}
    for way, called in right.items():
        more = called.astype(float) - right[NONE]
        spread = NORMAL * standard_error(more, groups)
        gain = float(more.mean())
        table[way] = (float(called.mean()), gain, gain - spread, gain + spread)
    surely = [way for way, (_, _, low, _) in table.items() if low > 0]
    best = max(surely, key=lambda way: table[way][1], default=NONE)
    return tuple(
        ComparedWay(way=way, accuracy=accuracy, gain=gain, low=low, high=high, chosen=way == best)
        for way, (accuracy, gain, low, high) in table.items()
    )


def _patients(rows: pd.DataFrame) -> Array:
    """The group of each image; where one has none, each image is its own."""
    groups = rows["group"]
    return np.arange(len(rows)) if groups.isna().any() or groups.nunique() < 2 else groups.to_numpy(str)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
