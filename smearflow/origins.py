"""provenance.json: what a run was made of, so that it can be made again, and its models measured again."""

import platform
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from smearflow.errors import MissingPart, UsageError
from smearflow.provenance import code_digest, lock_digest, processor_name
from smearflow.settings import Settings
from smearflow.workspace import Workspace, write_text

FILE = "provenance.json"
CODE = ("flows.retraining", "smearflow.models.trainer")  # whose digest is a run's `code`


class Part(BaseModel):
    """A part of provenance.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MadeModel(Part):
    """A model of the run: the digest of its weights, what ran its frozen layers, the folder that its trainer left."""

    weights_digest: str
    engine: str | None
    folder: Path


class Origins(Part):
    """What a run was made of. Paths are absolute, those in ``settings`` too.

    ``root``: the folder of the images; ``split``: split.parquet, with their paths below it. ``digests``: of data,
    labels, split, ledger, decisions about labels, code and locked libraries, each by its name. ``machine``: python,
    platform, processor.
    """

    run_id: str
    settings: Settings
    root: Path
    split: Path
    digests: Mapping[str, str]
    models: Mapping[str, MadeModel]
    machine: Mapping[str, str]


def write_origins(origins: Origins, folder: Path) -> None:
    """Write ``folder``/provenance.json in one step."""
    write_text(folder / FILE, origins.model_dump_json(indent=1) + "\n")


def origins_of(workspace: Workspace, run_id: str) -> Origins:
    """What run ``run_id`` was made of. Raises UsageError where there is no such run, or it didn't get so far."""
    folder = workspace.run(run_id)
    if run_id in ("", ".", "..") or "/" in run_id or not folder.is_dir():
        last = sorted(each.name for each in workspace.runs.glob("*") if each.is_dir())[-3:]
        known = f"The last ones: {', '.join(last)}." if last else "There is none yet: smearflow run."
        raise UsageError(f"There is no run {run_id!r} in {workspace.root}.", known)
    try:
        return Origins.model_validate_json((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = f"Run {run_id} left no {FILE}: it trained no model, or an older smearflow made it."
        raise UsageError(what, "Name a run that trained a model, or run again.") from None
    except ValidationError as error:
        what = f"{folder / FILE} can't be read: {error.errors()[0]['msg']}."
        raise UsageError(what, "Another version of smearflow wrote it: use that one, or run again.") from None


def last_run(workspace: Workspace) -> Origins:
    """What the last run was made of that trained a model, and whose split and images are still there.

    Raises MissingPart where there is none.
    """
    for file in sorted(workspace.runs.glob(f"*/{FILE}"), reverse=True):
        found = origins_of(workspace, file.parent.name)
        if found.split.exists() and found.root.exists():
            return found
    raise MissingPart(f"No run in {workspace.root} has test images to measure on.", "Train a model: smearflow run.")


def now_at_hand() -> dict[str, str]:
    """What a run made now would be made with: code, lock, python, platform, processor, as ``digests`` and ``machine``
    have them."""
    return {"code": code_digest(*CODE), "lock": lock_digest(), **machine()}


def machine() -> dict[str, str]:
    """Python, platform and processor, by these names: with the same ones a run ends in the same bits."""
    return {"python": platform.python_version(), "platform": platform.platform(), "processor": processor_name()}
