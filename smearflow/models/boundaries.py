"""A network in two where its layers begin to learn: what lies below is run once an image, what lies above in each pass.

Several tensors may cross the boundary that was asked for (a skip connection, the branches of a module). The network is
then divided further down, at the nearest layer that every path goes through: the layers between stay as they are, and
are run in each pass all the same. Taps of the cut that lie below cross as they are used: pooled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from smearflow.models.backbones import Backbone
from smearflow.models.networks import compressed, inner_of, pooled, preprocessed


@dataclass(frozen=True)
class Divided:
    """``below``: pixels to what crosses, float32 (n, d); ``above``: that to a logit (n, 1), by the network's layers.

    ``at``: the layer whose map crosses; ``asked``: the last one that was to stay as it is.
    """

    below: Any
    above: Any
    at: str
    asked: str

    @property
    def why(self) -> str:
        """Why the network is divided elsewhere than was asked; nothing where it isn't."""
        return f"; at {self.asked} several paths cross" if self.asked != self.at else ""


def crossing(inner: Any, at: int) -> dict[int, Any]:
    """The maps that layers after the first ``at`` of ``inner`` read from those, by their identity."""
    names = {layer.name for layer in inner.layers[:at]}
    inputs = (layer.input for layer in inner.layers[at:])
    read = (tensor for each in inputs for tensor in (each if isinstance(each, list) else [each]))
    return {id(tensor): tensor for tensor in read if tensor._keras_history.operation.name in names}


def place_of(inner: Any, trainable: int) -> int:
    """How many layers of ``inner`` lie below, where the last ``trainable`` learn; 0: there is nothing to run once."""
    wanted = max(0, len(inner.layers) - trainable)
    for at in range(wanted, 1, -1):
        if len(crossing(inner, at)) == 1:
            return at
    return 0


def divided(network: Any, row: Backbone, trainable: int) -> Divided | None:
    """``network`` (pixels to a logit) in two, below its last ``trainable`` layers; None where it has no two parts."""
    import keras
    from keras import layers

    inner = inner_of(network)
    at = place_of(inner, trainable)
    if not at:
        return None
    (through,) = crossing(inner, at).values()
    lower = {layer.name for layer in inner.layers[:at]}
    early = [name in lower for name in inner.output_names]
    taps = [tap for tap, below in zip(inner.outputs, early, strict=True) if below]
    pixels = keras.Input(network.input.shape[1:], name="pixels")
    first = keras.Model(inner.input, [through, *taps])
    maps = first(preprocessed(pixels, row.preprocessing), training=False)
    ready = [pooled([tap]) for tap in maps[1:]]
    flat = [layers.Flatten()(maps[0]), *(each for pair in ready for each in pair)]
    below = keras.Model(pixels, layers.Concatenate()(flat) if len(flat) > 1 else flat[0], name="below")
    above = _above(network, through, early, [[int(each.shape[-1]) for each in pair] for pair in ready])
    asked = inner.layers[len(inner.layers) - trainable - 1].name
    return Divided(below, above, through._keras_history.operation.name, asked)


def _above(network: Any, through: Any, early: list[bool], widths: list[list[int]]) -> Any:
    """From what crosses to a logit, by the layers of ``network`` themselves."""
    import keras
    from keras import layers

    inner, size = inner_of(network), prod(through.shape[1:])
    late = [tap for tap, below in zip(inner.outputs, early, strict=True) if not below]
    entry = keras.Input((size + sum(map(sum, widths)),), name="crossing")
    maps = keras.Model(through, late)(layers.Reshape(through.shape[1:])(entry[:, :size]), training=False)
    from_below = _slices(entry, size, widths)
    from_above = iter(maps if isinstance(maps, list) else [maps])
    pairs = [next(from_below) if below else pooled([next(from_above)]) for below in early]
    features = compressed(layers.Concatenate()([each for pair in pairs for each in pair]))
    return keras.Model(entry, network.layers[-1](features), name=network.name)


def _slices(entry: Any, start: int, widths: list[list[int]]) -> Iterator[list[Any]]:
    """What was pooled below, tap by tap."""
    for pair in widths:
        parts = []
        for width in pair:
            parts.append(entry[:, start : start + width])
            start += width
        yield parts
