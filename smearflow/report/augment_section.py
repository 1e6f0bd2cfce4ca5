"""What augmentation does to training images: in words, on some of them, and each operator by itself."""

from dataclasses import dataclass

from smearflow.models.operators import OPERATORS, Operator, doubts, shown, span_of, strengths
from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, shrunk
from smearflow.report.pseudonyms import Names
from smearflow.settings import Augment

WIDTH = 1400  # pixels of the sheet, at most: more than a page shows, for screens of high density


@dataclass(frozen=True)
class Strip:
    """An operator's picture, the labels below its columns, how it is used (on, doubtful or off), and its range."""

    operator: Operator
    url: str
    labels: tuple[str, ...]
    use: str
    span: str


@dataclass(frozen=True)
class AugmentSection:
    """Originals and what training saw of them; the changes in words; what goes too far; a strip an operator."""

    url: str
    changes: tuple[str, ...]
    doubts: tuple[str, ...]
    strips: tuple[Strip, ...]


def augment_section(findings: Findings, names: Names) -> AugmentSection | None:
    """None where augmentation wasn't reached."""
    if findings.sheet is None:
        return None
    augment = findings.settings.augment
    strips = tuple(_strip(operator, findings) for operator in OPERATORS if operator.setting in findings.strips)
    return AugmentSection(data_url(shrunk(findings.sheet, WIDTH)), changes(augment), doubts(augment), strips)


def changes(augment: Augment) -> tuple[str, ...]:
    """What training images go through, in words."""
    zoom, brightness = augment.zoom, augment.brightness
    said = {
        "mirrored left and right": augment.horizontal_flip,
        "mirrored top and bottom": augment.vertical_flip,
        "turned by 0, 90, 180 or 270 degrees": augment.quarter_turns,
        f"turned by up to {augment.rotation:g} degrees either way": augment.rotation > 0,
        f"moved sideways by up to {100 * augment.width_shift:g} %": augment.width_shift > 0,
        f"moved up or down by up to {100 * augment.height_shift:g} %": augment.height_shift > 0,
        f"slanted by up to {augment.shear:g} degrees": augment.shear > 0,
        f"zoomed by {zoom[0]:g} to {zoom[1]:g} (below 1 enlarges)": zoom != (1, 1),
        f"made {brightness[0]:g} to {brightness[1]:g} times as bright": brightness != (1, 1),
    }
    return tuple(words for words, wanted in said.items() if wanted)


def _strip(operator: Operator, findings: Findings) -> Strip:
    augment = findings.settings.augment
    labels = tuple(step.label for step in strengths(operator, augment))
    use = "doubtful" if operator.doubtful(augment) else "on" if operator.on(augment) else "off"
    span = f"{span_of(operator, shown(operator, augment))} {operator.unit}" if operator.ranged else ""
    return Strip(operator, data_url(shrunk(findings.strips[operator.setting], WIDTH)), labels, use, span)
