"""The operators of augmentation one by one: their units, what they do, and how far they make cells that can exist.

A label stays while its picture is changed, so an operator must not make what no microscope shows, nor cut off what
the label speaks of. Figures are of real cells of the NLM set: brightness of 3,119, from 156 patients; shape of 278
native crops, from 104 patients.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smearflow.settings import Augment

COLUMNS = 7  # strengths of an operator that has a range

# The lecture's eight, and our quarter turns, so that each operator can be shown.
LECTURE = Augment(
    rotation=90, width_shift=0.3, height_shift=0.3, brightness=(0.1, 0.9), shear=45, zoom=(0.5, 1.5), quarter_turns=True
)

Range = tuple[float, float]


@dataclass(frozen=True)
class Operator:
    """One operator. ``setting``: its name in Augment; ``plausible``: values that make cells which can exist.

    ``reason``: why values outside make cells that hardly exist, or why all make cells that exist.
    """

    setting: str
    title: str
    does: str
    unit: str
    reason: str
    plausible: Range | None = None

    def span(self, augment: Augment) -> Range:
        """Its lowest and highest value; (0, 1) or (0, 3) for a flip or quarter turn that is on."""
        value = getattr(augment, self.setting)
        if isinstance(value, bool):
            return (0.0, (3.0 if self.setting == "quarter_turns" else 1.0) * value)
        return value if isinstance(value, tuple) else (-value, value)

    def on(self, augment: Augment) -> bool:
        """Whether it changes anything."""
        neutral = 1.0 if self.setting in ("zoom", "brightness") else 0.0
        return self.span(augment) != (neutral, neutral)

    @property
    def ranged(self) -> bool:
        """Whether it has a range of values, and isn't just on or off."""
        return self.unit != "on or off"

    def doubtful(self, augment: Augment) -> bool:
        """Whether it goes beyond what real cells show."""
        low, high = self.span(augment)
        return self.plausible is not None and (low < self.plausible[0] or high > self.plausible[1])


@dataclass(frozen=True)
class Strength:
    """An operator at one value: how it is printed, and the fields of augmentation.Changes that it sets."""

    label: str
    values: Mapping[str, float]


OPERATORS = (
    Operator(
        "rotation", "Rotation", "Turns the cell about the picture's middle.", "degrees", "A cell lies at any angle."
    ),
    Operator(
        "width_shift",
        "Width shift",
        "Moves the cell sideways: below 0 to the right, as the lecture counts.",
        "share of the width",
        "A crop ends where its cell does: moved by 0.3, a quarter of the cell is cut off, perhaps with its parasite, "
        "while the label stays.",
        (-0.1, 0.1),
    ),
    Operator(
        "height_shift",
        "Height shift",
        "Moves the cell up and down: below 0 down.",
        "share of the height",
        "As with the width shift: what leaves the picture may be what the label speaks of.",
        (-0.1, 0.1),
    ),
    Operator(
        "brightness",
        "Brightness",
        "Multiplies each pixel: black stays black, and what passes 255 is cut.",
        "factor",
        "Of 3,119 real cells the darkest is 0.69 times as bright as the middle one, the brightest 1.16 times.",
        (0.7, 1.2),
    ),
    Operator("horizontal_flip", "Horizontal flip", "Mirrors left and right.", "on or off", "A cell has no left side."),
    Operator("vertical_flip", "Vertical flip", "Mirrors top and bottom.", "on or off", "A cell has no upper side."),
    Operator(
        "shear",
        "Shear",
        "Slants the cell: a disc becomes an oval.",
        "degrees",
        "At 20 degrees a round cell is 1.4 times as long as wide, as 1 real crop in 40 is; at 45 degrees 2.4 times.",
        (-20, 20),
    ),
    Operator(
        "zoom",
        "Zoom",
        "Scales the view, each axis for itself: below 1 enlarges.",
        "scale of the view",
        "In 8 of 9 real crops the longer side is up to 1.25 times the other. At 0.5 half of each side is cut off; "
        "where one axis is at 0.5 and the other at 1.5, a disc is three times as long as wide.",
        (0.8, 1.25),
    ),
    Operator(
        "quarter_turns",
        "Quarter turns",
        "Ours, not the lecture's: turns by a right angle, so that pixels move and none is blended.",
        "on or off",
        "A cell lies at any angle.",
    ),
)


def doubts(augment: Augment) -> tuple[str, ...]:
    """For each operator that goes beyond what real cells show: how far, and how far it might."""
    return tuple(
        f"{operator.title} from {span_of(operator, augment)}: plausible is {_span(operator.plausible)}."
        for operator in OPERATORS
        if operator.plausible and operator.doubtful(augment)
    )


def span_of(operator: Operator, augment: Augment) -> str:
    """``−45 to 45``."""
    return _span(operator.span(augment))


def shown(operator: Operator, augment: Augment) -> Augment:
    """The settings to show it at: the lecture's where it is off."""
    return augment if operator.on(augment) else LECTURE


def strengths(operator: Operator, augment: Augment) -> tuple[Strength, ...]:
    """From its lowest value to its highest, as ``augment`` has it or, where it is off there, the lecture."""
    low, high = operator.span(shown(operator, augment))
    if operator.setting == "zoom":
        return _zooms(low, high)
    if operator.setting == "quarter_turns":
        return tuple(Strength(f"{90 * turns}°", {operator.setting: turns}) for turns in range(4))
    if operator.setting.endswith("flip"):
        return tuple(Strength(word, {operator.setting: number}) for number, word in enumerate(("as it is", "mirrored")))
    sign = "°" if operator.unit == "degrees" else ""
    values = [round(float(value), 3) for value in np.linspace(low, high, COLUMNS)]
    return tuple(Strength(f"{_printed(value)}{sign}", {operator.setting: value}) for value in values)


def _zooms(low: float, high: float) -> tuple[Strength, ...]:
    """Both axes alike from low to high, then as unlike as they may be drawn."""
    alike = [(round(float(value), 3),) * 2 for value in np.linspace(low, high, COLUMNS - 2)]
    return tuple(
        Strength(_printed(width) if width == height else f"{width:g} × {height:g}", _zoom(width, height))
        for width, height in [*alike, (low, high), (high, low)]
    )


def _zoom(width: float, height: float) -> dict[str, float]:
    return {"zoom_width": width, "zoom_height": height}


def _span(span: Range) -> str:
    return f"{_printed(span[0])} to {_printed(span[1])}"


def _printed(value: float) -> str:
    """Three figures, with a minus that is as wide as a plus."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
