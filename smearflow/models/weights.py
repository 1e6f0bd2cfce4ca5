"""Where the weights of a frozen backbone are: looked for before any work starts."""

import os
import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from smearflow.errors import MissingPart
from smearflow.models.backbones import Backbone, find
from smearflow.settings import Model

FOLDER_VARIABLE = "SMEARFLOW_WEIGHTS_DIR"
TIMEOUT = 5  # seconds without an answer or a byte: a machine without network must hear so at once


def find_weights(model: Model) -> Path | None:
    """The weights file of a resolved model; None where it starts at random.

    ``imagenet`` is looked for in SMEARFLOW_WEIGHTS_DIR, then in Keras' cache, then fetched into that cache.
    Raises MissingPart with the places and the ways out, unless ``model.fallback`` is random.
    """
    row = find(model.name)
    if not row.frozen or model.weights == "random":
        return None
    found = _imagenet(row) if model.weights in (None, "imagenet") else _existing(Path(str(model.weights)))
    if found is None and model.fallback != "random":
        raise MissingPart(_missing(row, model.weights), _ways_out(row))
    return found


def keras_cache() -> Path:
    """The folder that Keras keeps downloaded weights in."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _places() -> list[Path]:
    named = os.environ.get(FOLDER_VARIABLE)
    return [*([Path(named).expanduser()] if named else []), keras_cache()]


def _existing(path: Path) -> Path | None:
    path = path.expanduser().absolute()
    return path if path.is_file() else None


def _imagenet(row: Backbone) -> Path | None:
    for folder in _places():
        for name in row.weight_files:
            if found := _existing(folder / name):
                return found
    return _fetched(row)


def _fetched(row: Backbone) -> Path | None:
    """The weights in Keras' cache, written aside first; None where the network doesn't give them."""
    target = keras_cache() / row.weight_files[0]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(str(row.url), timeout=TIMEOUT) as answer,
            tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as aside,
        ):
            shutil.copyfileobj(answer, aside)
        Path(aside.name).replace(target)
    except (OSError, urllib.error.URLError, ValueError):
        return None
    return target


def _missing(row: Backbone, weights: str | None) -> str:
    if weights not in (None, "imagenet"):
        return f"{row.name}: there is no weights file {weights}"
    places = ", ".join(str(p) for p in _places())
    return f"{row.name}: its ImageNet weights are not in {places}, and {row.url} does not answer"


def _ways_out(row: Backbone) -> str:
    return (
        f"Either set {FOLDER_VARIABLE} to a folder that holds {row.weight_files[0]}, "
        "or give weights: PATH, or weights: random (a control: it learns little)."
    )
