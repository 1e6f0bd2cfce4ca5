"""What a frozen backbone says of every image: computed once, kept in the workspace, and found there ever after."""

import importlib.metadata
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.models import networks
from smearflow.models.backbones import Backbone
from smearflow.models.child import say
from smearflow.models.engine_openvino import openvino_runtimes
from smearflow.models.engines import Engine, Precision
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.fitted import Array
from smearflow.models.pixels import PixelStream
from smearflow.models.spec import TrainSpec
from smearflow.registry import serving
from smearflow.workspace import digest_of, file_digest

STEP = 1024  # images between two lines of progress
SHARD = 2048  # images a shard
BYTES = 64 * 2**20  # of features, after which a shard is closed as well: they are held in memory until then
PATIENCE = 10.0  # seconds of work after which a shard is closed, however few are in it: what a kill may cost
LIBRARIES = ("keras", "pillow")  # that decide what an image's features are, beyond rounding


def network_digest(spec: TrainSpec, row: Backbone) -> str:
    """Of all that features depend on besides the image and the engine's precision.

    Those are the weights (drawn ones by their seed), the layers, the size, how pixels are decoded and prepared.
    """
    weights = file_digest(spec.weights_file) if spec.weights_file else f"random {spec.train.seed}"
    code = [file_digest(Path(str(module.__file__))) for module in (networks, serving)]
    versions = [importlib.metadata.version(name) for name in LIBRARIES]
    return digest_of(row.name, row.preprocessing, spec.model.cut, spec.input_size, weights, code, versions)


def precisions(spec: TrainSpec) -> tuple[Precision, ...]:
    """The precisions that engines may have."""
    wide = spec.train.bfloat16 and any(runtime.precision == "bf16" for runtime in openvino_runtimes())
    return ("f32", "bf16") if wide else ("f32",)


def cache_at(spec: TrainSpec, digest: str, precision: Precision) -> FeatureCache:
    """The cache of a network's features as engines of ``precision`` compute them."""
    return FeatureCache((spec.features or spec.out / "features") / digest / precision)


def fullest(caches: Iterable[FeatureCache], rows: pd.DataFrame) -> FeatureCache:
    """The one that knows most of ``rows``; among equals the first."""
    return max(caches, key=lambda cache: int(cache.knows(rows["sha256"].tolist()).sum()))


def unknown(cache: FeatureCache, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose features are still to be computed, each content once."""
    distinct = rows.drop_duplicates("sha256")
    return distinct[~cache.knows(distinct["sha256"].tolist())]


def stream_of(spec: TrainSpec, rows: pd.DataFrame) -> PixelStream:
    """The pixels of ``rows``. A file that isn't the one that was scanned counts as unreadable."""
    files = [file_at(spec.root, path) for path in rows["path"]]
    return PixelStream(files, spec.input_size, spec.threads, rows["sha256"].tolist())


def compute(
    stream: PixelStream,
    engine: Engine,
    cache: FeatureCache,
    known: int = 0,
    changed: Callable[[Array, list[str]], Array] = lambda pixels, digests: pixels,
) -> None:
    """Put the features of the readable files of ``stream`` into ``cache``, shard by shard.

    ``known`` images are there already, and are counted with them in the lines of progress. ``changed`` makes of
    pixels and their digests what the engine is to see.
    """
    shard: list[tuple[list[str], Array]] = []
    done, total, opened = known, known + len(stream.files), time.monotonic()
    digests = iter(stream.digests)
    for decoded in stream:
        good = [digest for error, digest in zip(decoded.errors, digests, strict=False) if error is None]
        if good:
            shard.append((good, engine(changed(decoded.pixels, good))))
        before, done = done, done + len(decoded.errors)
        full = sum(len(rows) for _, rows in shard) >= SHARD or sum(rows.nbytes for _, rows in shard) >= BYTES
        if full or time.monotonic() - opened > PATIENCE or done == total:
            _close(shard, cache)
            shard, opened = [], time.monotonic()
        if done // STEP > before // STEP or done == total:
            say(f"features {done:,}/{total:,}")


def _close(shard: list[tuple[list[str], Array]], cache: FeatureCache) -> None:
    if shard:
        cache.add([digest for digests, _ in shard for digest in digests], np.concatenate([rows for _, rows in shard]))
