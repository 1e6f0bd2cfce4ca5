"""Registered versions for the tests of the registry: a bundle whose own code decides by brightness, without Keras."""

import atexit
import functools
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from PIL import Image

from smearflow.registry.champion import Champion
from smearflow.registry.golden import GOLDEN
from smearflow.registry.mlflow_store import mlflow_client
from smearflow.registry.promoting import digests_of_files
from smearflow.registry.promotions import Decision, Entry
from smearflow.registry.registering import Facts, register
from smearflow.registry.succession import Seat, champion_now, number_of, seated
from smearflow.workspace import Workspace

NAME = "malaria-cells"
CHECKOUT = Path(__file__).resolve().parent.parent
FACTS = Facts(run_id="r1", weights_digest="d1", provisional=True, settings={}, test={}, curves=[], digests={})

# A version brings its own code: this is all that serves it. The "network" is a number that is added.
SERVING = """
import atexit
import functools
import io
import numpy
import pandas
from PIL import Image

class Classifier:
    def __init__(self, folder):
        self.added = float((folder / "model.keras").read_text())

    def predict(self, images):
        pixels = [numpy.asarray(Image.open(io.BytesIO(data)).convert("L")) for data in images["image"]]
        probability = numpy.array([grey.mean() / 255 + self.added for grey in pixels])
        label = numpy.where(probability >= 0.5, "Parasitized", "Uninfected")
        return pandas.DataFrame({"label": label, "probability": probability, "decision": label})

def load(folder):
    return Classifier(folder)
"""


def bundle_of(folder: Path, model: str = "compact", added: float = 0.0, golden: bool = True) -> Path:
    """A bundle in ``folder`` that says of an image how bright it is, 0-1, plus ``added``."""
    bundle = folder / "bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    facts = {"name": model, "threshold": 0.5, "classes": ["Parasitized", "Uninfected"], "positive": "Parasitized"}
    (bundle / "model.json").write_text(json.dumps({**facts, "input_size": 16}))
    (bundle / "model.keras").write_text(repr(added))
    (bundle / "serving.py").write_text(SERVING)
    if golden:
        greys = [40, 100, 128, 200]
        said = [grey / 255 + added for grey in greys]
        decided = ["Parasitized" if p >= 0.5 else "Uninfected" for p in said]
        batch = {"image": [picture(grey) for grey in greys], "probability": said, "decision": decided}
        pd.DataFrame(batch).to_parquet(bundle / GOLDEN, index=False)
    return bundle


def picture(grey: int) -> bytes:
    """A grey PNG."""
    data = io.BytesIO()
    Image.new("L", (16, 16), grey).save(data, "PNG")
    return data.getvalue()


def seat_in(folder: Path, name: str = "workspace") -> Seat:
    """The seat of a workspace in ``folder`` with a registry of its own."""
    workspace = Workspace.at(folder / name)
    return Seat(workspace, f"sqlite:///{workspace.registry}", NAME)


def copied(workspace: Workspace, target: Path) -> Seat:
    """The seat of a copy of ``workspace`` at ``target``."""
    shutil.copytree(workspace.root, target)
    return seat_in(target.parent, target.name)


def proposal(seat: Seat, run: str = "r1") -> Decision:
    """The decision to promote what ``run`` made over the present champion."""
    held = number_of(champion_now(seat))
    test = {"auc": (0.98, 0.97, 0.99), "sensitivity": (0.95, 0.9, 0.97)}
    why = f"{run} is good enough."
    return Decision("promoted", seat.registry, seat.name, held, held, why, run=run, model="compact", test=test)


@functools.cache
def empty_registry() -> Path:
    """MLflow's SQLite without a model, made once (3-6 s) and copied from then on."""
    database = Path(tempfile.mkdtemp(prefix="smearflow-tests-")) / "mlflow.db"
    atexit.register(shutil.rmtree, database.parent, True)
    with mlflow_client(f"sqlite:///{database}") as client:
        client.search_registered_models()
    return database


def registered(seat: Seat, bundle: Path, run: str = "r1") -> Champion:
    """A version that nobody serves with yet."""
    if not seat.workspace.registry.exists():
        shutil.copyfile(empty_registry(), seat.workspace.registry)
    facts = replace(FACTS, run_id=run, weights_digest=f"weights of {run}")
    return register(bundle, facts, seat.uri, seat.workspace.registry_files, seat.name)


def crowned(seat: Seat, bundle: Path, run: str = "r1") -> Entry:
    """A version that is champion, without the process that its golden batch takes."""
    version = registered(seat, bundle, run)
    won = replace(proposal(seat, run), version=version.version, files=digests_of_files(seat.uri, version))
    return seated(seat, won)


def run_aside(*arguments: object, stdout: int | None = None) -> "subprocess.Popen[str]":
    """A process of its own that can import what the tests can."""
    told = {**os.environ, "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'tests'}"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, cwd=CHECKOUT, env=told, stdout=stdout, stderr=subprocess.PIPE, text=True)
