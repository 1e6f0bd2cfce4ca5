"""The golden batch: before a version may hold the alias it is loaded in a process of its own and has to say again what
it said where it was made: `python -m smearflow.registry.golden SPEC.json`.

A bundle's golden.parquet has encoded pictures (``image``) and what the bundle says of them (``probability``,
``decision``). The process loads the version as a stranger does, through MLflow, by the version's own code: nothing of
ours can be imported once that begins.
"""

import io
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image, ImageDraw
from pydantic import Field

from smearflow.models.child import done_as_told
from smearflow.models.spec import Message
from smearflow.models.training import run_module
from smearflow.provenance import processor_name
from smearflow.registry.champion import BUNDLE, Champion, fetch_model

GOLDEN = "golden.parquet"  # in the bundle
SAME_CPU, ANOTHER_CPU = 1e-5, 1e-3  # how far a probability may lie from the one before
OURS = ("smearflow", "tasks", "flows", "expectations")
LIMIT = 300.0  # seconds for loading the version and scoring a few pictures


class GoldenSpec(Message):
    """A version to load, in a process of its own."""

    model: Path = Field(description="Folder of the version, as MLflow loads it.")
    out: Path = Field(description="JSON file to write: pictures, difference, changed, error.")


@dataclass(frozen=True)
class Repeated:
    """How a version repeated its golden batch of ``pictures``; 0 where it has none, and a drawn picture was scored.

    ``difference``: the greatest of a probability; ``changed``: decisions that are others now; ``tolerance``: what is
    allowed on this processor; ``error``: why it couldn't be loaded or asked.
    """

    pictures: int
    difference: float
    changed: int
    tolerance: float
    error: str | None = None

    @property
    def passed(self) -> bool:
        return self.error is None and self.changed == 0 and self.difference <= self.tolerance

    @property
    def words(self) -> str:
        """What came out, in a sentence."""
        if self.error:
            return f"It can't be loaded and asked in a process of its own: {self.error}."
        if not self.pictures:
            return "It has no golden batch; it was loaded in a process of its own, and scores a drawn picture."
        far = f"largest difference {self.difference:.1e}, {self.tolerance:.0e} is allowed"
        if self.passed:
            return f"It repeated its golden batch of {self.pictures} pictures in a process of its own ({far})."
        return (
            f"It doesn't repeat its golden batch of {self.pictures} pictures: {far}; {self.changed} changed decisions."
        )


def repeated(uri: str, version: Champion) -> Repeated:
    """Load ``version`` from the registry at ``uri`` in a fresh process, and hold it against its golden batch.

    5-10 s, most of it imports. Raises MissingPart where its files aren't there, and TrainingError where the process
    came to no end of its own: it was killed, or memory ran out, which says nothing of the version.
    """
    with tempfile.TemporaryDirectory() as aside:
        model = fetch_model(uri, version, Path(aside) / "model")
        spec = GoldenSpec(model=model.absolute(), out=Path(aside) / "said.json")
        told = Path(aside) / "spec.json"
        told.write_text(spec.model_dump_json(), encoding="utf-8")
        name = f"version {version.version} of {version.registry_name}"
        run_module("smearflow.registry.golden", told, name, LIMIT, print)
        said = json.loads(spec.out.read_text(encoding="utf-8"))
    return Repeated(**said, tolerance=tolerated(version))


def tolerated(version: Champion) -> float:
    """How far a probability may lie from what it was where the version was made."""
    return SAME_CPU if version.cpu == processor_name() else ANOTHER_CPU


def ask(spec: GoldenSpec) -> None:
    """Load the version and ask it, in this process, which can do nothing of ours afterwards."""
    _without_ours()
    try:
        said = _said(spec.model)
    except Exception as error:  # whatever a version's own code, Keras or MLflow raise
        said = {"pictures": 0, "difference": 0.0, "changed": 0, "error": f"{type(error).__name__}: {error}".rstrip(".")}
    spec.out.write_text(json.dumps(said), encoding="utf-8")


def _said(model: Path) -> dict[str, Any]:
    import mlflow.pyfunc

    loaded = mlflow.pyfunc.load_model(str(model))
    golden = model / BUNDLE / GOLDEN
    if not golden.exists():
        loaded.predict(pd.DataFrame({"image": [_drawn()]}))
        return {"pictures": 0, "difference": 0.0, "changed": 0}
    batch = pd.read_parquet(golden)
    said = loaded.predict(batch[["image"]])
    difference = (said["probability"].astype(float) - batch["probability"].astype(float)).abs()
    changed = said["decision"].fillna("") != batch["decision"].fillna("")
    readable = said["probability"].notna() != batch["probability"].notna()
    return {
        "pictures": len(batch),
        "difference": float(difference.fillna(0.0).max()),
        "changed": int((changed | readable).sum()),
    }


def _drawn() -> bytes:
    """A pale disc with a dark spot on black, PNG."""
    picture = Image.new("RGB", (96, 96))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((6, 6, 90, 90), fill=(210, 160, 170))
    pen.ellipse((50, 30, 62, 42), fill=(90, 30, 130))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def _without_ours() -> None:
    """Forget our modules, and refuse to import them again: a version has to do without them."""
    for name in [name for name in sys.modules if name.split(".")[0] in OURS and name != __name__]:
        del sys.modules[name]

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import" and str(arguments[0]).split(".")[0] in OURS:
            raise ImportError(f"{arguments[0]} isn't part of the version")

    sys.addaudithook(refuse)


if __name__ == "__main__":
    sys.exit(done_as_told(sys.argv[1:], GoldenSpec, ask))
