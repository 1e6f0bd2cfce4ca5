"""What a decoded image must be: of a cell's size, in a colour mode that shows stain."""

from expectations.rule import BUDGET, Rule, mostly, percent
from smearflow.data.images import PLAIN_MODES
from smearflow.settings import Quality

# Pillow's modes that hold colour. Grey ones (L, LA, 1) are decoded too, but say nothing of the stain.
COLOUR = ("RGB", "RGBA", "RGBX", "P", "PA")


def suite(quality: Quality) -> tuple[Rule, ...]:
    """The rules about images, one row an image. Files that didn't decode are the business of the files' suite."""
    return (_side("width", quality), _side("height", quality), _mode(quality), _colour())


def _side(column: str, quality: Quality) -> Rule:
    least, most = quality.min_side, quality.max_side
    return Rule(
        suite="images",
        sentence=f"{column} between {least} and {most} px",
        bound=f"at most {percent(quality.max_quarantined)} outside",
        severity="critical",
        why="A crop of one red blood cell is 40 to 400 px wide; smaller is debris, larger a whole field of view.",
        fix="Cut the images to single cells, or set quality.min_side and quality.max_side.",
        kind="ExpectColumnValuesToBeBetween",
        column=column,
        arguments={"min_value": least, "max_value": most, "mostly": mostly(quality.max_quarantined)},
        settings=("quality.min_side", "quality.max_side", *BUDGET),
    )


def _mode(quality: Quality) -> Rule:
    modes = sorted(PLAIN_MODES)
    return Rule(
        suite="images",
        sentence=f"colour mode is one of {', '.join(modes)}",
        bound=f"at most {percent(quality.max_quarantined)} are not",
        severity="critical",
        why="From other modes (16 bits, CMYK, floats) RGB can only be made by a guess, and stain is colour.",
        fix="Export the images in 8-bit RGB.",
        kind="ExpectColumnValuesToBeInSet",
        column="mode",
        arguments={"value_set": modes, "mostly": mostly(quality.max_quarantined)},
        settings=BUDGET,
    )


def _colour() -> Rule:
    return Rule(
        suite="images",
        sentence="every image is in colour",
        bound="no exception",
        severity="warning",
        why="Giemsa stain shows a parasite by its purple: grey images have lost what the model looks for.",
        fix="Export the images in colour, or take the grey ones out.",
        kind="ExpectColumnValuesToBeInSet",
        column="mode",
        arguments={"value_set": list(COLOUR)},
    )
