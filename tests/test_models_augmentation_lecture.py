"""The lecture's eight operators give what ImageDataGenerator gives, but where we depart on purpose.

Keras still carries that generator, deprecated. Two of its ways are set aside here, as our module says: its fill is made
black, and its width and height shift are exchanged, as its code moves up and down what it calls the width.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from smearflow.models.augmentation import applied, augment_sheet, augmentation_layer, changed, drawn, unchanged
from smearflow.models.operators import LECTURE
from smearflow.settings import Augment

pytestmark = pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")  # Keras' own

SIDE = 48
DRAWS = 1000
STILL = {"rotation": 0, "width_shift": 0, "height_shift": 0, "shear": 0, "quarter_turns": False}
NOTHING = Augment(**STILL, horizontal_flip=False, vertical_flip=False, zoom=(1, 1), brightness=(1, 1))

# Ours, and the generator's argument for the same.
OPERATORS: dict[str, dict[str, Any]] = {
    "rotation": {"rotation_range": 90},
    "width_shift": {"height_shift_range": 0.3},  # exchanged: see above
    "height_shift": {"width_shift_range": 0.3},
    "shear": {"shear_range": 45},
    "zoom": {"zoom_range": (0.5, 1.5)},
    "horizontal_flip": {"horizontal_flip": True},
    "vertical_flip": {"vertical_flip": True},
    "brightness": {"brightness_range": (0.1, 0.9)},
}
ALL = {name: value for arguments in OPERATORS.values() for name, value in arguments.items()}

# Our fields, and the generator's parameter, of which ours is the share where it counts pixels.
PARAMETERS = {
    "rotation": ("theta", 1),
    "width_shift": ("tx", SIDE),
    "height_shift": ("ty", SIDE),
    "shear": ("shear", 1),
    "zoom_width": ("zx", 1),
    "zoom_height": ("zy", 1),
    "horizontal_flip": ("flip_horizontal", 1),
    "vertical_flip": ("flip_vertical", 1),
    "brightness": ("brightness", 1),
}


def generator(**arguments: Any) -> Any:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(fill_mode="constant", cval=0.0, **arguments)


def only(operator: str) -> Augment:
    return NOTHING.model_copy(update={operator: getattr(LECTURE, operator)})


@pytest.fixture(scope="module")
def cell() -> np.ndarray:
    """A pinkish disc with a gradient and a dark spot off its middle, on black: no symmetry hides a mistake."""
    down, along = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    shade = 150 + 1.5 * along + 0.8 * down
    shade[np.hypot(down + 7, along - 6) < 4] = 70
    shade[np.hypot(down, along) > 0.42 * SIDE] = 0
    return np.rint(shade[..., None] * [1.0, 0.8, 0.85]).astype(np.uint8)


def theirs(cell: np.ndarray, parameters: dict[str, Any]) -> np.ndarray:
    picture: np.ndarray = generator().apply_transform(cell.astype(np.float32), parameters)
    return picture


def ours(cell: np.ndarray, parameters: dict[str, Any]) -> np.ndarray:
    """The same parameters in our units, through our matrices."""
    values = {
        field: np.array([parameters[name] / scale], np.float32)
        for field, (name, scale) in PARAMETERS.items()
        if name in parameters
    }
    flips = {field: value.astype(bool) for field, value in values.items() if field.endswith("flip")}
    return changed(cell, replace(unchanged(1), **{**values, **flips}))[0].astype(float)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference, grey values of 0-255."""
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize(
    "parameters",
    [
        {"theta": 90}, {"theta": -90}, {"theta": 37},
        {"tx": 0.3 * SIDE}, {"tx": -0.3 * SIDE}, {"ty": 0.3 * SIDE}, {"ty": -7.3},
        {"shear": 45}, {"shear": -45}, {"shear": 20},
        {"zx": 0.5, "zy": 0.5}, {"zx": 1.5, "zy": 1.5}, {"zx": 0.5, "zy": 1.5}, {"zx": 1.5, "zy": 0.5},
        {"flip_horizontal": True}, {"flip_vertical": True},
        {"brightness": 0.1}, {"brightness": 0.5}, {"brightness": 0.9},
    ],
    ids=str,
)  # fmt: skip
def test_each_operator_makes_the_same_picture_of_the_same_value(cell: np.ndarray, parameters: dict[str, Any]) -> None:
    assert apart(ours(cell, parameters), theirs(cell, parameters)) < 0.5


def test_composed_they_make_the_same_picture(cell: np.ndarray) -> None:
    """Rotation, shift, shear, zoom, flip, brightness: the order shows in the picture."""
    drawing = generator(**ALL)
    for seed in range(20):
        parameters = drawing.get_random_transform(cell.shape, seed=seed)
        assert apart(ours(cell, parameters), theirs(cell, parameters)) < 1


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_draws_from_the_same_range(operator: str) -> None:
    mine = drawn(only(operator), DRAWS, (1, 2))
    drawing = generator(**OPERATORS[operator])
    parameters = [drawing.get_random_transform((SIDE, SIDE, 3), seed=seed) for seed in range(DRAWS)]
    for field, (name, scale) in PARAMETERS.items():
        their = np.array([p[name] if p[name] is not None else 1.0 for p in parameters], float) / scale
        assert spread(np.asarray(getattr(mine, field), float)) == pytest.approx(spread(their), abs=slack(operator))


def spread(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def slack(operator: str) -> float:
    """A fortieth of the range: so many draws come that near to its ends."""
    value = getattr(LECTURE, operator)
    return (value[1] - value[0] if isinstance(value, tuple) else 2 * float(value)) / 40


@pytest.mark.parametrize("operator", OPERATORS)
def test_over_many_draws_each_operator_makes_the_same_pictures(cell: np.ndarray, operator: str) -> None:
    """The average picture of many draws, and how far each pixel strays from it."""
    copies = np.repeat(cell[None], DRAWS, axis=0).astype(np.float32)
    mine = np.asarray(augmentation_layer(only(operator))(copies, seed=(5, 0)), float)
    drawing = generator(**OPERATORS[operator])
    their = np.stack([drawing.random_transform(cell.astype(np.float32), seed=seed) for seed in range(DRAWS)])
    assert apart(mine.mean(axis=0), their.mean(axis=0)) < 3
    assert apart(mine.std(axis=0), their.std(axis=0)) < 3


def test_we_depart_where_its_names_are_exchanged(cell: np.ndarray) -> None:
    """What the generator calls the width shift moves cells up and down; ours moves them sideways."""
    wide = generator(width_shift_range=0.3).get_random_transform(cell.shape, seed=3)
    assert wide["ty"] != 0 and centre(theirs(cell, wide))[0] != pytest.approx(centre(cell)[0], abs=1)
    assert centre(theirs(cell, wide))[1] == pytest.approx(centre(cell)[1], abs=1)
    moved = [centre(copy) for copy in augment_sheet(cell[None], only("width_shift"), seed=3, copies=4)[0]]
    assert max(abs(along - centre(cell)[1]) for _, along in moved) > 2
    assert max(abs(down - centre(cell)[0]) for down, _ in moved) < 2  # what is cut off shifts it a little


def centre(picture: np.ndarray) -> tuple[float, float]:
    """Row and column of the middle of what isn't black."""
    down, along = np.nonzero(picture[..., 0] > 30)
    return down.mean(), along.mean()


def test_we_depart_in_what_moves_in_from_outside() -> None:
    """By itself the generator repeats the rim; ours leaves black, as around the crops."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    white = np.full((SIDE, SIDE, 3), 200, np.uint8)
    smeared = ImageDataGenerator().apply_transform(white.astype(np.float32), {"tx": 10})
    assert smeared.min() == 200
    assert ours(white, {"tx": 10})[:, -9:].max() == 0


def test_we_depart_in_what_brightness_does_beside_multiplying() -> None:
    """The generator cuts to whole numbers, and stretches a picture that leaves 0-255: 260 halved comes back as 180."""
    pixels = np.full((2, 2, 3), 101.9, np.float32)
    assert theirs(pixels, {"brightness": 1.0}).max() == 101
    pixels[0] = 260
    assert theirs(pixels, {"brightness": 0.5}).max() == pytest.approx(180, abs=1)
    half = replace(unchanged(1), brightness=np.array([0.5], np.float32))
    assert np.asarray(applied(pixels[None], half)).max() == 130


def test_switching_one_operator_leaves_the_draws_of_the_others() -> None:
    without = LECTURE.model_copy(update={"shear": 0.0})
    one, other = drawn(LECTURE, 8, (1, 2)), drawn(without, 8, (1, 2))
    assert np.array_equal(one.rotation, other.rotation)
    assert np.array_equal(one.zoom_width, other.zoom_width)
    assert np.abs(np.asarray(other.shear)).max() == 0
