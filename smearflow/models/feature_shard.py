"""A share of a frozen backbone's features, in a process of its own: `python -m smearflow.models.feature_shard SPEC`.

Several of these, on several machines, fill one cache in a shared workspace. What the trainer finds there it needn't
compute. An image goes to a share by its digest, so that nobody has to know what the others are doing.
"""

import sys

import pandas as pd
from pydantic import Field

from smearflow.models.backbones import find
from smearflow.models.child import done_as_told, import_keras
from smearflow.models.features import stream_of
from smearflow.models.frozen import features_to_compute, frozen_of, see
from smearflow.models.spec import Message, TrainSpec


class ShardSpec(Message):
    """One share of a training's features."""

    training: TrainSpec
    number: int = Field(ge=0, description="Which share, from 0.")
    of: int = Field(ge=1, description="How many there are.")


def main(arguments: list[str]) -> int:
    """Compute as the spec says. Exit status 0, PERMANENT, DISK, or 1."""
    return done_as_told(arguments, ShardSpec, compute_share)


def compute_share(spec: ShardSpec) -> None:
    """Put the features of one share's images into the cache. The engine is the trainer's."""
    training, row = spec.training, find(spec.training.model.name)
    rows = pd.read_parquet(training.parts)
    mine = rows[share_of(rows, spec.of) == spec.number]
    with stream_of(training, features_to_compute(training, row, mine)) as stream:
        import_keras(training.threads, training.train.seed)
        see(frozen_of(training, row, rows), mine, stream, refused={})


def share_of(rows: pd.DataFrame, shares: int) -> "pd.Series[int]":
    """The number of the share that each row's content belongs to, 0 to ``shares`` - 1."""
    return rows["sha256"].map(lambda digest: int(digest[:12], 16) % shares)


def shares_of(spec: TrainSpec, most: int, least: int) -> int:
    """Into how many shares its features are best cut: up to ``most``, of ``least`` images or more; 0: they are there.

    0 as well for what has no frozen layers, or whose cut is still to be compared. Needs no TensorFlow.
    """
    row = find(spec.model.name)
    if not row.frozen or spec.lecture or spec.is_open:
        return 0
    return min(most, len(features_to_compute(spec, row, pd.read_parquet(spec.parts))) // least)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
