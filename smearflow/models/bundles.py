"""The bundle: model.keras, model.json and serving.py in one folder, all that is needed to serve."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from smearflow.registry import serving


def write_bundle(
    folder: Path, network: Any, name: str, *, input_size: int, classes: tuple[str, str], positive: str
) -> None:
    """Save ``network`` (pixels to probability) with what serving needs to know of it. The threshold starts at 0.5.

    ``input_size``: side of the input, pixels; ``positive``: the one of ``classes`` whose probability it says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / "model.keras")
    shutil.copyfile(serving.__file__, folder / "serving.py")
    facts = {
        "name": name,
        "input_size": input_size,
        "classes": list(classes),
        "positive": positive,
        "threshold": 0.5,
    }
    (folder / "model.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def weights_digest(network: Any) -> str:
    """SHA-256 over every weight array of ``network``, in order: the same training gives the same digest."""
    digest = hashlib.sha256()
    for array in network.get_weights():
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def add_facts(bundle: Path, **facts: Any) -> None:
    """Have the model.json of ``bundle`` say ``facts`` too, by their names; None says nothing."""
    path = bundle / "model.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    told = {name: value for name, value in facts.items() if value is not None}
    path.write_text(json.dumps(known | told, indent=1), encoding="utf-8")
