"""Where a backbone may be cut: found from its graph, whatever its layers are called.

A feature map is at its richest just before it is made smaller: the taps of a backbone are the layers that its strided
layers read, one a resolution, the widest where there are several. A long stretch at one resolution has another in its
middle, and the last layer is always one.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from smearflow.errors import SettingsError

PICTURE = 4  # channels: no more than these are a picture still, not features
LONG = 8  # activations at one resolution, from which on there is a tap in their middle
TOGETHER = 3  # neighbouring taps that make up a cut, at most

Cut = tuple[str, ...]


def taps(backbone: Any) -> Cut:
    """Names of the layers of a keras.applications network at which it may be cut, in order, the last layer last.

    Raises SettingsError where its input is so small that there is no layer left to cut at.
    """
    layers = {layer.name: at for at, layer in enumerate(backbone.layers)}
    ends = [*_before_strides(backbone), backbone.layers[-1]]
    found = sorted({*(layer.name for layer in ends), *_middles(backbone, ends)}, key=layers.__getitem__)
    if len(found) < 2:
        raise SettingsError(
            f"models: {backbone.name} has one layer to cut at, at {side_of(backbone.layers[0])} pixels",
            "Set cut: last, or a larger input_size.",
        )
    return tuple(found)


def cuts_of(names: Cut) -> tuple[Cut, ...]:
    """Every cut to compare: up to TOGETHER neighbouring taps, the shallow before the deep."""
    windows = (names[max(0, end - size) : end] for end in range(1, len(names) + 1) for size in range(1, TOGETHER + 1))
    return tuple(dict.fromkeys(windows))


def _before_strides(backbone: Any) -> list[Any]:
    """The widest layer that a strided layer reads, a resolution, from fine to coarse."""
    widest: dict[int, Any] = {}
    for layer in backbone.layers:
        if not _is_strided(layer):
            continue
        source = _beyond_padding(layer)
        known = widest.get(side_of(source))
        if _channels(source) > PICTURE and (known is None or _channels(source) >= _channels(known)):
            widest[side_of(source)] = source
    return list(widest.values())


def _middles(backbone: Any, ends: Sequence[Any]) -> Iterator[str]:
    """The middle of each long stretch of activations that are at least half as wide as the tap at its end."""
    places = {layer.name: at for at, layer in enumerate(backbone.layers)}
    for before, after in pairwise(sorted(ends, key=lambda layer: places[layer.name])):
        between = backbone.layers[places[before.name] + 1 : places[after.name] + 1]
        alike = [each for each in between if is_activation(each) and side_of(each) == side_of(after)]
        wide = [each for each in alike if 2 * _channels(each) >= _channels(after)]
        if len(wide) >= LONG:
            yield wide[len(wide) // 2].name


def _is_strided(layer: Any) -> bool:
    """Whether it makes a map smaller by leaving places out."""
    return max(getattr(layer, "strides", None) or (1,)) > 1


def _beyond_padding(layer: Any) -> Any:
    """The layer whose output ``layer`` reads, but for what only adds or cuts off a rim."""
    source = layer.input._keras_history.operation
    rim = type(source).__name__ in {"ZeroPadding2D", "Cropping2D"}
    return _beyond_padding(source) if rim else source


def is_activation(layer: Any) -> bool:
    """A layer of its own, or a convolution's."""
    if type(layer).__name__ in {"ReLU", "Activation", "LeakyReLU"}:
        return len(layer.output.shape) == 4
    return "Conv" in type(layer).__name__ and layer.activation.__name__ != "linear"


def side_of(layer: Any) -> int:
    """Places a side of the map that ``layer`` makes."""
    return int(_map(layer)[1])


def _channels(layer: Any) -> int:
    return int(_map(layer)[-1])


def _map(layer: Any) -> tuple[int, ...]:
    """The shape of its output (n, height, width, channels)."""
    output = layer.output[0] if isinstance(layer.output, list) else layer.output
    return tuple(output.shape)
