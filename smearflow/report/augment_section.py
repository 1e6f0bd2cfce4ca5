"""What augmentation does to training images: in words, and on some of them."""

from dataclasses import dataclass

from smearflow.report.findings import Findings
from smearflow.report.pictures import data_url, shrunk
from smearflow.report.pseudonyms import Names
from smearflow.settings import Augment

WIDTH = 1400  # pixels of the sheet, at most: more than a page shows, for screens of high density


@dataclass(frozen=True)
class AugmentSection:
    """Originals and what training saw of them; the changes in words."""

    url: str
    changes: tuple[str, ...]


def augment_section(findings: Findings, names: Names) -> AugmentSection | None:
    """None where augmentation wasn't reached."""
    if findings.sheet is None:
        return None
    return AugmentSection(data_url(shrunk(findings.sheet, WIDTH)), changes(findings.settings.augment))


def changes(augment: Augment) -> tuple[str, ...]:
    """What training images go through, in words."""
    zoom, brightness = augment.zoom, augment.brightness
    said = {
        "mirrored left and right": augment.horizontal_flip,
        "mirrored top and bottom": augment.vertical_flip,
        "turned by 0, 90, 180 or 270 degrees": augment.quarter_turns,
        f"turned by up to {augment.rotation:g} degrees": augment.rotation > 0,
        f"moved sideways by up to {100 * augment.width_shift:g} %": augment.width_shift > 0,
        f"moved up or down by up to {100 * augment.height_shift:g} %": augment.height_shift > 0,
        f"slanted by up to {augment.shear:g} degrees": augment.shear > 0,
        f"zoomed by {zoom[0]:g} to {zoom[1]:g} (below 1 enlarges)": zoom != (1, 1),
        f"made {brightness[0]:g} to {brightness[1]:g} times as bright": brightness != (1, 1),
    }
    return tuple(words for words, wanted in said.items() if wanted)
