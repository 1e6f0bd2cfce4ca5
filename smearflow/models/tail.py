"""Training a backbone's last layers, or all of them, from a head that was fitted on cached features first.

The head comes first so that the layers below it start from gradients that mean something (Kumar et al. 2022,
"Fine-tuning can distort pretrained features"). Normalising layers keep the averages that they came with.
"""

from typing import Any

import numpy as np
import pandas as pd

from smearflow.models.backbones import HEAD_EPOCHS, Backbone
from smearflow.models.checkpoints import Checkpoint
from smearflow.models.features import stream_of
from smearflow.models.fitted import Fitted, Labelled, truth
from smearflow.models.frozen import features_to_compute, train_frozen
from smearflow.models.networks import inner_of, with_probability
from smearflow.models.pixels import PixelStream
from smearflow.models.spec import TrainSpec
from smearflow.models.whole import SCORED, fit, gather, passes

SLOWER = 20  # times, than a network that starts from nothing learns


def train_tail(spec: TrainSpec, row: Backbone, rows: pd.DataFrame, stream: PixelStream) -> Fitted:
    """Fit a head on cached features, then the layers above the boundary with it, over augmented pixels.

    Scores every row with the network that is saved.
    """
    with stream_of(spec, features_to_compute(spec, row, rows)) as missing:
        begun = train_frozen(_with_head_epochs(spec), row, rows, missing)
    network = with_logit(begun.network)
    open_layers(network, spec.model.trainable)
    pixels, kept = gather(stream, rows, spec.input_size)
    training, validation = (Labelled(pixels[name], truth(name, kept, spec.positive)) for name in ("train", "val"))
    how = spec.train.model_copy(update={"learning_rate": spec.train.learning_rate / SLOWER})
    checkpoint = Checkpoint.of(spec.checkpoints_folder, how.batch_size)
    fitting = fit(network, training, validation, spec.augment, how, passes(spec, len(training.inputs)), checkpoint)
    served = with_probability(network)
    probability = np.empty(len(kept))
    for name, each in pixels.items():
        probability[kept["split"] == name] = served.predict(each, batch_size=SCORED, verbose=0)[:, 0]
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return Fitted(
        served,
        kept,
        probability,
        fitting.rows,
        trained,
        begun.cut,
        begun.compiling,
        begun.features,
        engine=begun.engine,
        note=fitting.note,
    )


def _with_head_epochs(spec: TrainSpec) -> TrainSpec:
    """``spec`` for the head alone: the epochs that were asked for are those of the layers."""
    return spec.model_copy(update={"model": spec.model.model_copy(update={"epochs": HEAD_EPOCHS})})


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
