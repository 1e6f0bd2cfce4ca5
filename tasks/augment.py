"""Augment: settle which random changes training images get, and show them."""

from dataclasses import dataclass
from pathlib import Path

from smearflow.data.splitting import Parts
from smearflow.models.spec import SheetSpec
from smearflow.models.training import run_module
from smearflow.report.pictures import data_url
from smearflow.settings import Augment
from smearflow.workspace import building
from tasks.stage import stage

LIMIT = 300  # seconds; it takes 8, of which importing TensorFlow is most


@dataclass(frozen=True)
class Augmentation:
    """What training images go through, and the sheet that shows it."""

    spec: Augment
    sheet: Path


def says(augmentation: Augmentation) -> str:
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in augmentation.spec.model_dump().items())
    return f"""# What training makes of a cell, in memory only

Left the cell as it is; beside it, seven times what the trainers see of it. {settings}.

![originals and augmented cells]({data_url(augmentation.sheet)})
"""


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.sheet",), task_run_name="augment", retries=1, retry_delay_seconds=5)
def augment(folder: Path, parts: Parts, spec: Augment, seed: int) -> Augmentation:
    """Draw the contact sheet of originals and results."""
    with building(folder) as aside:
        sheet = SheetSpec(
            parts=parts.path, root=parts.root, augment=spec, seed=seed, out=aside / "sheet.png", images=6, copies=7
        )
        (aside / "augmentation.json").write_text(spec.model_dump_json(indent=1))
        told = aside / "sheet.json"
        told.write_text(sheet.model_dump_json(indent=1))
        run_module("smearflow.models.sheet", told, "augmentation sheet", LIMIT, print)
    return Augmentation(spec, folder / "sheet.png")
