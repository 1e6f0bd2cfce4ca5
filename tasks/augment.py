"""Augment: settle which random changes training images get, and show them."""

from dataclasses import dataclass
from pathlib import Path

from smearflow.data.splitting import Parts
from smearflow.models.operators import OPERATORS, Operator, doubts, strengths
from smearflow.models.spec import SheetSpec
from smearflow.models.training import run_module
from smearflow.report.pictures import data_url, shrunk
from smearflow.settings import Augment
from smearflow.workspace import building
from tasks.stage import stage

LIMIT = 300  # seconds; it takes 8, of which importing TensorFlow is most
SHEET_WIDTH, STRIP_WIDTH = 620, 420  # pixels, in Prefect's page: the whole artifact stays below 300 KB


@dataclass(frozen=True)
class Augmentation:
    """What training images go through, and the folder of pictures that show it."""

    spec: Augment
    folder: Path

    @property
    def sheet(self) -> Path:
        """Originals, and what training sees of them."""
        return self.folder / "sheet.png"

    @property
    def strips(self) -> dict[str, Path]:
        """What an operator makes of two cells, at several strengths, by the operator's setting."""
        return {operator.setting: self.folder / f"{operator.setting}.png" for operator in OPERATORS}


def says(augmentation: Augmentation) -> str:
    told = [_told(operator, augmentation) for operator in OPERATORS]
    warned = [f"> **Beyond real cells.** {doubt}\n" for doubt in doubts(augmentation.spec)]
    return "\n".join(
        [
            "# What training makes of a cell, in memory only\n",
            "Left the cell as it is; beside it, seven times what the trainers see of it.\n",
            f"![originals and augmented cells]({data_url(shrunk(augmentation.sheet, SHEET_WIDTH))})\n",
            *warned,
            "## Each operator by itself: which make cells that can exist?\n",
            *told,
        ]
    )


def _told(operator: Operator, augmentation: Augmentation) -> str:
    """An operator's heading, its strengths in words, and its strip."""
    off = "off, shown as the lecture has it" if operator.ranged else "off"
    at = "on" if operator.on(augmentation.spec) else off
    unit = f"{operator.unit.capitalize()}: " if operator.ranged else "From left to right: "
    steps = unit + ", ".join(step.label for step in strengths(operator, augmentation.spec))
    picture = data_url(shrunk(augmentation.strips[operator.setting], STRIP_WIDTH))
    return f"""**{operator.title}** ({at}). {operator.does} {operator.reason} {steps}.

![{operator.title}]({picture})
"""


# Retried once: it runs in a process of its own, which the machine may end for want of memory.
@stage(says, code=("smearflow.models.sheet",), task_run_name="augment", retries=1, retry_delay_seconds=5)
def augment(folder: Path, parts: Parts, spec: Augment, seed: int) -> Augmentation:
    """Draw the contact sheet of originals and results, and each operator at several strengths."""
    with building(folder) as aside:
        sheet = SheetSpec(parts=parts.path, root=parts.root, augment=spec, seed=seed, out=aside, images=6, copies=7)
        (aside / "augmentation.json").write_text(spec.model_dump_json(indent=1))
        told = aside / "sheet.json"
        told.write_text(sheet.model_dump_json(indent=1))
        run_module("smearflow.models.sheet", told, "augmentation sheet", LIMIT, print)
    return Augmentation(spec, folder)
