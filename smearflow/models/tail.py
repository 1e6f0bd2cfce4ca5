"""Training a backbone's last layers, or all of them, from a head that was fitted on cached features first.

The head comes first so that the layers below it start from gradients that mean something (Kumar et al. 2022,
"Fine-tuning can distort pretrained features"). Normalising layers keep the averages that they came with. Below the
boundary each image is run once, and each of its views: the layers above learn from what is cached of those. Where all
layers learn, nothing can be cached, and images are changed anew in every pass.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from smearflow.models import boundaries
from smearflow.models.backbones import HEAD_EPOCHS, Backbone
from smearflow.models.batches import cached_of, in_order, pixels_of
from smearflow.models.boundaries import Divided, divided
from smearflow.models.checkpoints import Checkpoint
from smearflow.models.child import say, timed
from smearflow.models.feature_cache import FeatureCache
from smearflow.models.features import network_digest, stream_of
from smearflow.models.fitted import Array, Fitted, labelled
from smearflow.models.frozen import (
    Frozen,
    Learnt,
    Seen,
    cached_sets,
    features_to_compute,
    fitted_on,
    golden_of,
    lacking,
    train_frozen,
)
from smearflow.models.networks import inner_of, with_probability
from smearflow.models.pixels import PixelStream
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import fit, gather, passes, scored
from smearflow.settings import Train
from smearflow.workspace import digest_of, file_digest

SLOWER = 20  # times, than a network that starts from nothing learns


def maps_to_compute(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that have to be decoded: those whose maps at the boundary no cache has yet. Needs no TensorFlow."""
    return rows if spec.model.trainable == "all" else lacking(spec, _maps_digest(spec, row), rows)


def train_tail(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit a head on cached features, then the layers above the boundary with it. ``stream``: of ``maps_to_compute``.

    What is saved says of every row what is told of it, to the agreement that is asked of frozen layers.
    """
    begun, network = opened(spec, row, rows)
    if spec.model.trainable == "all":
        return over_pixels(spec, network, begun, rows, stream)
    parts = divided(network, row, int(spec.model.trainable))
    if parts is None:
        say("nothing lies below the boundary that could be run once")
        with stream_of(spec, rows) as everything:
            return over_pixels(spec, network, begun, rows, everything)
    return over_maps(spec, row, network, parts, begun, rows, stream)


def opened(spec: TrainSpec, row: Backbone, rows: pd.DataFrame) -> tuple[Fitted, Any]:
    """A head on frozen layers, and the network of both, pixels to a logit, whose last layers may learn."""
    with stream_of(spec, features_to_compute(spec, row, rows)) as missing:
        begun = train_frozen(_with_head_epochs(spec), row, rows, missing)
    network = with_logit(begun.network)
    open_layers(network, spec.model.trainable)
    return begun, network


def over_maps(
    spec: TrainSpec,
    row: Backbone,
    network: Any,
    parts: Divided,
    begun: Fitted,
    rows: pd.DataFrame,
    stream: PixelStream,
) -> Fitted:
    """Fit what lies above on what is cached of the layers below."""
    say(f"run once up to {parts.at}, {parts.below.output.shape[-1]:,} numbers an image{parts.why}")
    (golden, pixels), decoding = timed(lambda: golden_of(spec, rows))
    frozen = Frozen(spec, _maps_digest(spec, row), parts.below, golden, pixels)
    served, how = with_probability(network), _gently(spec)
    checkpoint = Checkpoint.of(spec.checkpoints_folder, how.batch_size)

    def says(maps: Array) -> Array:
        logits = parts.above.predict(in_order(maps), verbose=0)[:, 0].astype(np.float64)
        return cast(Array, np.exp(-np.logaddexp(0, -logits)))

    def learn(seen: Seen, views: Sequence[FeatureCache], kept: pd.DataFrame) -> Learnt:
        sets = cached_sets(seen.cache, views, kept, spec)
        feed = cached_of(sets.training, 1 + len(views), how)
        epochs = passes(spec, feed.images)
        fitting = fit(parts.above, feed, sets.validation, how, epochs, checkpoint)
        return Learnt(served, sets.in_rows(says(sets.features)), fitting.rows, _trained(network), says, fitting.note)

    spent = begun.features + decoding
    return fitted_on(frozen, rows, stream, learn, cut=begun.cut, compiling=begun.compiling, features=spent)


def over_pixels(spec: TrainSpec, network: Any, begun: Fitted, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit every layer that is open over augmented pixels."""
    pixels, kept = gather(stream, rows, spec.input_size, spec.out)
    training, validation = (labelled(pixels[name], name, kept, spec.positive) for name in ("train", "val"))
    how = _gently(spec)
    feed = pixels_of(training, spec.augment, how)
    checkpoint = Checkpoint.of(spec.checkpoints_folder, how.batch_size)
    fitting = fit(network, feed, validation, how, passes(spec, feed.images), checkpoint)
    served = with_probability(network)
    return Fitted(
        served,
        kept,
        scored(served, pixels, kept),
        fitting.rows,
        _trained(network),
        begun.cut,
        begun.compiling,
        begun.features,
        engine=begun.engine,
        note=fitting.note,
    )


def _maps_digest(spec: TrainSpec, row: Backbone) -> str:
    """Of all that the maps at the boundary depend on besides the image and the engine's precision."""
    code = file_digest(Path(str(boundaries.__file__)))
    return digest_of(network_digest(spec, row), "maps", spec.model.trainable, code)


def _with_head_epochs(spec: TrainSpec) -> TrainSpec:
    """``spec`` for the head alone: the epochs that were asked for are those of the layers."""
    return spec.model_copy(update={"model": spec.model.model_copy(update={"epochs": HEAD_EPOCHS})})


def _gently(spec: TrainSpec) -> Train:
    """How layers are fitted that have learnt already."""
    return spec.train.model_copy(update={"learning_rate": spec.train.learning_rate / SLOWER})


def _trained(network: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def with_logit(served: Any) -> Any:
    """The network of ``with_head`` without its sigmoid: pixels to a logit (n, 1), with the same weights."""
    import keras

    last = served.layers[-1]
    head = keras.layers.Dense(1, name="logit")
    network = keras.Model(served.input, head(last.input), name=inner_of(served).name)
    head.set_weights(last.get_weights())
    return network


def open_layers(network: Any, trainable: str | int) -> None:
    """Let the last ``trainable`` layers of the backbone inside ``network`` learn, or ``all`` of them."""
    inner = inner_of(network)
    inner.trainable = True
    for layer in inner.layers[: -int(trainable)] if trainable != "all" else ():
        layer.trainable = False
