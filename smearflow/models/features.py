"""The feature cache: what a frozen backbone says of every image, computed once and batch by batch."""

import numpy as np

from smearflow.models.child import say
from smearflow.models.engines import Engine
from smearflow.models.fitted import Array
from smearflow.models.pixels import PixelStream

STEP = 1024  # images between two lines of progress


def compute(stream: PixelStream, engine: Engine) -> tuple[Array, Array]:
    """Features float32 (readable, d) of the files of ``stream``, in order, and which were readable, bool (n,).

    Pixels are gone once they were seen: what stays in memory is d numbers an image.
    """
    rows: list[Array] = []
    readable: list[bool] = []
    for decoded in stream:
        before = len(readable)
        readable += [error is None for error in decoded.errors]
        if len(decoded.pixels):
            rows.append(engine(decoded.pixels))
        if len(readable) // STEP > before // STEP or len(readable) == len(stream.files):
            say(f"features {len(readable):,}/{len(stream.files):,}")
    return np.concatenate(rows) if rows else np.empty((0, 0), np.float32), np.array(readable, dtype=bool)
